//! OTLP's values as JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use serde_json::{Map, Value};

/// Values nest no deeper than this for us; Honeycomb itself flattens maps to depth 5 and writes the rest as text.
const DEPTH: usize = 16;

/// A list of attributes as an object; of two with one key the later stands.
pub(super) fn object(attributes: &[KeyValue]) -> Map<String, Value> {
    nested(attributes, DEPTH)
}

fn nested(attributes: &[KeyValue], depth: usize) -> Map<String, Value> {
    attributes.iter().map(|pair| (pair.key.clone(), any(pair.value.as_ref(), depth))).collect()
}

/// One value as JSON.
pub(super) fn value(value: Option<&AnyValue>) -> Value {
    any(value, DEPTH)
}

fn any(value: Option<&AnyValue>, depth: usize) -> Value {
    use any_value::Value as Any;
    match value.and_then(|value| value.value.as_ref()) {
        _ if depth == 0 => Value::from("…"),
        Some(Any::StringValue(text)) => Value::from(text.as_str()),
        Some(Any::BoolValue(is)) => Value::from(*is),
        Some(Any::IntValue(number)) => Value::from(*number),
        Some(Any::DoubleValue(number)) => Value::from(*number),
        Some(Any::ArrayValue(array)) => array.values.iter().map(|value| any(Some(value), depth - 1)).collect(),
        Some(Any::KvlistValue(list)) => Value::Object(nested(&list.values, depth - 1)),
        Some(Any::BytesValue(bytes)) => Value::from(STANDARD.encode(bytes)),
        _ => Value::Null,
    }
}
