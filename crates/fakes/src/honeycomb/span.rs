//! A span as Honeycomb stores it.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::{Delivery, TraceId, Violation, redaction};

/// An accepted span.
#[derive(Debug, Clone, Serialize)]
pub struct Span {
    /// The trace id.
    pub trace_id: TraceId,
    /// The span id, 16 hexadecimal digits.
    pub span_id: String,
    /// The parent's span id, 16 hexadecimal digits. A root has none.
    pub parent_span_id: Option<String>,
    /// The name.
    pub name: String,
    /// `internal`, `server`, `client`, `producer`, `consumer` or `unspecified`.
    pub kind: &'static str,
    /// The start in nanoseconds since 1970.
    pub start_ns: u64,
    /// The end in nanoseconds since 1970.
    pub end_ns: u64,
    /// The span's own attributes.
    pub attributes: Map<String, Value>,
    /// The span events.
    pub events: Vec<SpanEvent>,
    /// The span links.
    pub links: Vec<SpanLink>,
    /// The status.
    pub status: SpanStatus,
    /// The attributes of the resource. All spans of a resource share one object.
    #[serde(serialize_with = "serialize_resource")]
    pub resource: Arc<Map<String, Value>>,
    /// The name of the instrumentation scope.
    pub scope: String,
    /// The dataset of the span: `service.name`, trimmed (husky).
    pub dataset: String,
    /// How many spans this one represents.
    pub sample_rate: u64,
    /// The delivery that contained the span.
    #[serde(skip)]
    pub delivery: Arc<Delivery>,
}

/// A span event.
#[derive(Debug, Clone, Serialize)]
pub struct SpanEvent {
    /// The name.
    pub name: String,
    /// The time in nanoseconds since 1970.
    pub time_ns: u64,
    /// The attributes.
    pub attributes: Map<String, Value>,
}

/// A link to another span.
#[derive(Debug, Clone, Serialize)]
pub struct SpanLink {
    /// The linked trace's id. It has 32 hexadecimal digits if the sender obeyed OTLP.
    pub trace_id: String,
    /// The linked span's id. It has 16 hexadecimal digits if the sender obeyed OTLP.
    pub span_id: String,
    /// The attributes.
    pub attributes: Map<String, Value>,
}

/// The status of a span.
#[derive(Debug, Clone, Serialize)]
pub struct SpanStatus {
    /// 0 unset, 1 ok, 2 error.
    pub code: i32,
    /// The description of an error.
    pub message: String,
}

impl Span {
    /// Returns whether the status is error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.status.code == 2
    }

    /// Returns the duration in milliseconds. It is 0 if the end is before the start (husky).
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a span of more than 104 days in nanoseconds may lose one")]
    pub fn duration_ms(&self) -> f64 {
        self.end_ns.saturating_sub(self.start_ns) as f64 / 1e6
    }

    /// Redacts secrets before the span is stored, and returns a violation for each.
    pub(super) fn redact(&mut self) -> Vec<Violation> {
        let path = format!("span {}", self.span_id);
        let mut violations: Vec<_> = redaction::redact_text(&mut self.name, &path).into_iter().collect();
        violations.extend(redaction::redact_text(&mut self.status.message, &path));
        let own = std::iter::once(&mut self.attributes);
        let events = self.events.iter_mut().map(|event| &mut event.attributes);
        let links = self.links.iter_mut().map(|link| &mut link.attributes);
        for attributes in own.chain(events).chain(links) {
            violations.extend(redaction::redact_object(attributes, &path));
        }
        violations
    }
}

fn serialize_resource<S: Serializer>(resource: &Arc<Map<String, Value>>, serializer: S) -> Result<S::Ok, S::Error> {
    resource.as_ref().serialize(serializer)
}
