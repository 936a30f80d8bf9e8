//! Looks up attributes of a span by key.

use crudder_otlp::{Attribute, Span, Value};

/// Returns the value of an attribute. If the key occurs twice, the last occurrence counts.
pub(crate) fn find<'s, 'a>(attributes: &'s [Attribute<'a>], key: &str) -> Option<&'s Value<'a>> {
    attributes.iter().rev().find(|attribute| attribute.key == key).map(|attribute| &attribute.value)
}

/// Returns the value of a string attribute.
pub(crate) fn text<'a>(span: &Span<'a>, key: &str) -> Option<&'a str> {
    span.attribute(key).and_then(Value::as_str)
}

/// Returns the value of an integer attribute, also if it is written as a string: `tracing` fields
/// often are.
pub(crate) fn int(span: &Span<'_>, key: &str) -> Option<i64> {
    match span.attribute(key)? {
        Value::Int(number) => Some(*number),
        Value::Str(text) => text.trim().parse().ok(),
        _ => None,
    }
}
