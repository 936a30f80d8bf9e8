//! The `annotations` member: the attributes that X-Ray indexes.

use crudder_otlp::{Attribute, Span, Value};

use crate::ANNOTATION_PREFIX;
use crate::json::{MAX_STRING_CHARS, key, value};
use crate::names::{same_key, write_key};

/// X-Ray indexes 50 annotations a trace; API Gateway and Lambda take some of them.
const MAX_ANNOTATIONS: usize = 32;

/// Attributes that become annotations without the prefix, and the names of the annotations.
const ANNOTATED: [(&str, &str); 5] = [
    ("http.route", "route"),
    ("faas.coldstart", "cold_start"),
    ("app.result_length", "result_length"),
    ("handle", "handle"),
    ("result_length", "result_length"),
];

pub(crate) fn write_annotations(out: &mut Vec<u8>, span: &Span<'_>) {
    let mut annotations = span.attributes.iter().filter_map(annotation).collect::<Vec<_>>();
    // Of two equal keys the last one counts, as everywhere. X-Ray would find the key twice in one
    // object.
    let mut index = 0;
    while index < annotations.len() {
        let name = annotations[index].0;
        if annotations[index + 1..].iter().any(|(other, _)| same_key(name, other)) {
            annotations.remove(index);
        } else {
            index += 1;
        }
    }
    if annotations.is_empty() {
        return;
    }
    key(out, "annotations");
    out.push(b'{');
    for (index, (name, annotated)) in annotations.iter().take(MAX_ANNOTATIONS).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_key(out, name);
        out.push(b':');
        value(out, annotated, MAX_STRING_CHARS);
    }
    out.push(b'}');
}

/// Returns name and value if the attribute becomes an annotation. X-Ray takes strings, numbers and
/// booleans.
fn annotation<'s, 'a>(attribute: &'s Attribute<'a>) -> Option<(&'a str, &'s Value<'a>)> {
    let listed = ANNOTATED.iter().find(|(key, _)| *key == attribute.key).map(|(_, name)| *name);
    let name = attribute.key.strip_prefix(ANNOTATION_PREFIX).or(listed)?;
    (!name.is_empty() && !matches!(attribute.value, Value::Array(_))).then_some((name, &attribute.value))
}
