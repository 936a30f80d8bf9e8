//! Converts OTLP's attribute values to JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use serde_json::{Map, Value};

/// Values that are nested deeper become `…`. Honeycomb flattens maps to depth 5 and writes deeper
/// ones as text (husky).
const MAX_DEPTH: usize = 16;

/// Converts a list of attributes to an object. Of two attributes with one key the later is kept.
pub(super) fn object(attributes: &[KeyValue]) -> Map<String, Value> {
    nested_object(attributes, MAX_DEPTH)
}

/// Converts one value.
pub(super) fn value(value: Option<&AnyValue>) -> Value {
    nested_value(value, MAX_DEPTH)
}

fn nested_object(attributes: &[KeyValue], depth: usize) -> Map<String, Value> {
    attributes.iter().map(|pair| (pair.key.clone(), nested_value(pair.value.as_ref(), depth))).collect()
}

fn nested_value(value: Option<&AnyValue>, depth: usize) -> Value {
    use any_value::Value as Any;
    match value.and_then(|value| value.value.as_ref()) {
        _ if depth == 0 => Value::from("…"),
        Some(Any::StringValue(text)) => Value::from(text.as_str()),
        Some(Any::BoolValue(is)) => Value::from(*is),
        Some(Any::IntValue(number)) => Value::from(*number),
        Some(Any::DoubleValue(number)) => Value::from(*number),
        Some(Any::ArrayValue(array)) => array.values.iter().map(|value| nested_value(Some(value), depth - 1)).collect(),
        Some(Any::KvlistValue(list)) => Value::Object(nested_object(&list.values, depth - 1)),
        Some(Any::BytesValue(bytes)) => Value::from(STANDARD.encode(bytes)),
        _ => Value::Null,
    }
}
