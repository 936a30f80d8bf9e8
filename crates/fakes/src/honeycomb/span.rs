//! A span as it was taken, and how it is read out of OTLP's message.

use std::sync::Arc;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::trace::v1::{Span as Wired, span};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::{rate, values};
use crate::ids::hex;
use crate::{Delivery, TraceId, Violation, privacy};

/// A span that was taken.
#[derive(Debug, Clone, Serialize)]
pub struct Span {
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// 16 hexadecimal digits; none for a root.
    pub parent_span_id: Option<String>,
    /// Its name.
    pub name: String,
    /// `internal`, `server`, `client`, `producer`, `consumer` or `unspecified`.
    pub kind: &'static str,
    /// Nanoseconds since 1970.
    pub start_ns: u64,
    /// Nanoseconds since 1970.
    pub end_ns: u64,
    /// Its own attributes.
    pub attributes: Map<String, Value>,
    /// What happened in it.
    pub events: Vec<SpanEvent>,
    /// What it is linked to.
    pub links: Vec<SpanLink>,
    /// How it ended.
    pub status: SpanStatus,
    /// The attributes of its resource, one object for all spans of a batch.
    #[serde(serialize_with = "shared")]
    pub resource: Arc<Map<String, Value>>,
    /// The name of the instrumentation scope.
    pub scope: String,
    /// Where Honeycomb would put it: `service.name`, trimmed.
    pub dataset: String,
    /// How many events it stands for.
    pub sample_rate: u64,
    /// The batch it came in.
    #[serde(skip)]
    pub delivery: Arc<Delivery>,
}

/// Something at one moment of a span.
#[derive(Debug, Clone, Serialize)]
pub struct SpanEvent {
    /// Its name.
    pub name: String,
    /// Nanoseconds since 1970.
    pub time_ns: u64,
    /// Its attributes.
    pub attributes: Map<String, Value>,
}

/// Another span that this one points to.
#[derive(Debug, Clone, Serialize)]
pub struct SpanLink {
    /// 32 hexadecimal digits, if it was sent as it should be.
    pub trace_id: String,
    /// 16 hexadecimal digits, if it was sent as it should be.
    pub span_id: String,
    /// Its attributes.
    pub attributes: Map<String, Value>,
}

/// How a span ended.
#[derive(Debug, Clone, Serialize)]
pub struct SpanStatus {
    /// 0 unset, 1 ok, 2 error.
    pub code: i32,
    /// Only with an error.
    pub message: String,
}

impl Span {
    /// Whether its status is error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.status.code == 2
    }

    /// Its length; 0 where the end lies before the start, as Honeycomb has it.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a span of more than 104 days in nanoseconds may lose one")]
    pub fn duration_ms(&self) -> f64 {
        self.end_ns.saturating_sub(self.start_ns) as f64 / 1e6
    }
}

fn shared<S: Serializer>(resource: &Arc<Map<String, Value>>, serializer: S) -> Result<S::Ok, S::Error> {
    resource.as_ref().serialize(serializer)
}

impl Span {
    /// Complains of secrets and blots them out, before anybody can see them.
    pub(super) fn cleanse(&mut self) -> Vec<Violation> {
        let place = format!("span {}", self.span_id);
        let mut violations: Vec<_> = privacy::cleanse_text(&mut self.name, &place).into_iter().collect();
        violations.extend(privacy::cleanse_text(&mut self.status.message, &place));
        let own = std::iter::once(&mut self.attributes);
        let others = self.events.iter_mut().map(|event| &mut event.attributes);
        for attributes in own.chain(others).chain(self.links.iter_mut().map(|link| &mut link.attributes)) {
            violations.extend(privacy::cleanse_fields(attributes, &place));
        }
        violations
    }
}

/// What all spans of one scope have in common.
pub(super) struct Surroundings {
    pub(super) resource: Arc<Map<String, Value>>,
    pub(super) scope: String,
    pub(super) dataset: String,
    pub(super) delivery: Arc<Delivery>,
}

impl Surroundings {
    pub(super) fn new(
        resource: &Arc<Map<String, Value>>,
        scope: Option<&InstrumentationScope>,
        delivery: &Arc<Delivery>,
    ) -> Self {
        let scope = scope.map(|scope| scope.name.clone()).unwrap_or_default();
        Self { resource: Arc::clone(resource), scope, dataset: dataset(resource), delivery: Arc::clone(delivery) }
    }

    /// The span, unless its ids are of the wrong length: then Honeycomb has it, but no trace shows it.
    pub(super) fn span(&self, wired: Wired) -> Option<Span> {
        let trace_id = TraceId::new(wired.trace_id.as_slice().try_into().ok()?);
        let span_id: [u8; 8] = wired.span_id.as_slice().try_into().ok()?;
        let status = wired.status.unwrap_or_default();
        Some(Span {
            trace_id,
            span_id: hex(&span_id),
            parent_span_id: (!wired.parent_span_id.is_empty()).then(|| hex(&wired.parent_span_id)),
            kind: kind(wired.kind),
            start_ns: wired.start_time_unix_nano,
            end_ns: wired.end_time_unix_nano,
            sample_rate: rate::rate(&wired.attributes, &self.resource, &wired.trace_state).one_in(),
            attributes: values::object(&wired.attributes),
            events: wired.events.into_iter().map(event).collect(),
            links: wired.links.into_iter().map(link).collect(),
            status: SpanStatus { code: status.code, message: status.message },
            name: wired.name,
            resource: Arc::clone(&self.resource),
            scope: self.scope.clone(),
            dataset: self.dataset.clone(),
            delivery: Arc::clone(&self.delivery),
        })
    }
}

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

/// Whether a span of the batch has this attribute with this text.
pub(super) fn bears(request: &ExportTraceServiceRequest, key: &str, text: &str) -> bool {
    let mut spans =
        request.resource_spans.iter().flat_map(|resource| &resource.scope_spans).flat_map(|scope| &scope.spans);
    spans.any(|span| {
        span.attributes.iter().filter(|pair| pair.key == key).any(|pair| {
            let value = values::value(pair.value.as_ref());
            value.as_str().map_or_else(|| value.to_string(), str::to_owned) == text
        })
    })
}
