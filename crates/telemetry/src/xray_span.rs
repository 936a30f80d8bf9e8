//! The SDK's spans as the X-Ray writer borrows them.

use crudder_xray::{Attribute, Event, Span, SpanKind as Kind, Value};
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{Array, KeyValue};
use opentelemetry_sdk::trace::SpanData;

use crate::time::unix_nanoseconds;

/// Borrows an ended span.
pub(crate) fn borrow(span: &SpanData) -> Span<'_> {
    Span {
        trace_id: u128::from_be_bytes(span.span_context.trace_id().to_bytes()),
        id: u64::from_be_bytes(span.span_context.span_id().to_bytes()),
        parent_id: u64::from_be_bytes(span.parent_span_id.to_bytes()),
        name: &span.name,
        kind: match span.span_kind {
            SpanKind::Client => Kind::Client,
            SpanKind::Server => Kind::Server,
            SpanKind::Producer => Kind::Producer,
            SpanKind::Consumer => Kind::Consumer,
            SpanKind::Internal => Kind::Internal,
        },
        start_ns: unix_nanoseconds(span.start_time),
        end_ns: Some(unix_nanoseconds(span.end_time)),
        failed: matches!(span.status, Status::Error { .. }),
        status_message: match &span.status {
            Status::Error { description } => description,
            _ => "",
        },
        attributes: attributes(&span.attributes),
        events: span
            .events
            .iter()
            .map(|event| Event { name: &event.name, attributes: attributes(&event.attributes) })
            .collect(),
    }
}

fn attributes(of: &[KeyValue]) -> Vec<Attribute<'_>> {
    of.iter().map(|attribute| Attribute { key: attribute.key.as_str(), value: value(&attribute.value) }).collect()
}

fn value(of: &opentelemetry::Value) -> Value<'_> {
    use opentelemetry::Value as Sdk;
    match of {
        Sdk::Bool(truth) => Value::Bool(*truth),
        Sdk::I64(number) => Value::Int(*number),
        Sdk::F64(number) => Value::Float(*number),
        Sdk::String(text) => Value::Str(text.as_str()),
        Sdk::Array(Array::Bool(all)) => Value::Array(all.iter().map(|one| Value::Bool(*one)).collect()),
        Sdk::Array(Array::I64(all)) => Value::Array(all.iter().map(|one| Value::Int(*one)).collect()),
        Sdk::Array(Array::F64(all)) => Value::Array(all.iter().map(|one| Value::Float(*one)).collect()),
        Sdk::Array(Array::String(all)) => Value::Array(all.iter().map(|one| Value::Str(one.as_str())).collect()),
        // Both enums may grow. An unknown variant becomes an empty array, not a wrong value.
        _ => Value::Array(Vec::new()),
    }
}
