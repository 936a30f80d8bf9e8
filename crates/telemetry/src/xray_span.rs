//! The SDK's spans as the writer borrows them.

use std::time::{SystemTime, UNIX_EPOCH};

use crudder_xray::{Attribute, Event, Span, SpanKind as Kind, Value};
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{Array, KeyValue};
use opentelemetry_sdk::trace::SpanData;

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
        start_ns: nanoseconds(span.start_time),
        end_ns: Some(nanoseconds(span.end_time)),
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

/// Nanoseconds since 1970; 64 bits last until 2554.
pub(crate) fn nanoseconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
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
        // Both enums may grow; what is new is told as nothing rather than wrongly.
        _ => Value::Array(Vec::new()),
    }
}
