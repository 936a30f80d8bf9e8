//! Converts OTLP's spans to stored spans.

use std::sync::Arc;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::trace::v1::{Span as OtlpSpan, span};
use serde_json::{Map, Value};

use super::span::{Span, SpanEvent, SpanLink, SpanStatus};
use super::{sample_rate, values};
use crate::ids::hex;
use crate::{Delivery, TraceId};

/// What all spans of one instrumentation scope have in common.
pub(super) struct SpanDecoder {
    pub(super) resource: Arc<Map<String, Value>>,
    pub(super) scope: String,
    pub(super) dataset: String,
    pub(super) delivery: Arc<Delivery>,
}

impl SpanDecoder {
    pub(super) fn new(
        resource: &Arc<Map<String, Value>>,
        scope: Option<&InstrumentationScope>,
        delivery: &Arc<Delivery>,
    ) -> Self {
        let scope = scope.map(|scope| scope.name.clone()).unwrap_or_default();
        Self { resource: Arc::clone(resource), scope, dataset: dataset(resource), delivery: Arc::clone(delivery) }
    }

    /// Converts a span. Returns `None` if an id has the wrong length: Honeycomb accepts such a
    /// span, but shows it in no trace.
    pub(super) fn decode(&self, span: OtlpSpan) -> Option<Span> {
        let trace_id = TraceId::new(span.trace_id.as_slice().try_into().ok()?);
        let span_id: [u8; 8] = span.span_id.as_slice().try_into().ok()?;
        let status = span.status.unwrap_or_default();
        Some(Span {
            trace_id,
            span_id: hex(&span_id),
            parent_span_id: (!span.parent_span_id.is_empty()).then(|| hex(&span.parent_span_id)),
            kind: kind(span.kind),
            start_ns: span.start_time_unix_nano,
            end_ns: span.end_time_unix_nano,
            sample_rate: sample_rate::read(&span.attributes, &self.resource, &span.trace_state).one_in(),
            attributes: values::object(&span.attributes),
            events: span.events.into_iter().map(event).collect(),
            links: span.links.into_iter().map(link).collect(),
            status: SpanStatus { code: status.code, message: status.message },
            name: span.name,
            resource: Arc::clone(&self.resource),
            scope: self.scope.clone(),
            dataset: self.dataset.clone(),
            delivery: Arc::clone(&self.delivery),
        })
    }
}

/// Returns the dataset of a resource's spans (husky).
fn dataset(resource: &Map<String, Value>) -> String {
    match resource.get("service.name").and_then(Value::as_str).map(str::trim) {
        Some(name) if !name.is_empty() && !name.starts_with("unknown_service") => name.to_owned(),
        _ => "unknown_service".to_owned(),
    }
}

fn kind(kind: i32) -> &'static str {
    match kind {
        1 => "internal",
        2 => "server",
        3 => "client",
        4 => "producer",
        5 => "consumer",
        _ => "unspecified",
    }
}

fn event(event: span::Event) -> SpanEvent {
    SpanEvent { name: event.name, time_ns: event.time_unix_nano, attributes: values::object(&event.attributes) }
}

fn link(link: span::Link) -> SpanLink {
    SpanLink {
        trace_id: hex(&link.trace_id),
        span_id: hex(&link.span_id),
        attributes: values::object(&link.attributes),
    }
}

/// Returns whether a span of the batch has this attribute with this value as text.
pub(super) fn contains_attribute(request: &ExportTraceServiceRequest, key: &str, text: &str) -> bool {
    let mut spans =
        request.resource_spans.iter().flat_map(|resource| &resource.scope_spans).flat_map(|scope| &scope.spans);
    spans.any(|span| {
        span.attributes.iter().filter(|pair| pair.key == key).any(|pair| {
            let value = values::value(pair.value.as_ref());
            value.as_str().map_or_else(|| value.to_string(), str::to_owned) == text
        })
    })
}
