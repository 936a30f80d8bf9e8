//! Summaries of traces, for lists.

use serde::Serialize;
use serde_json::Value;

use super::span::Span;
use super::trace::Trace;
use crate::TraceId;

/// The summary of a trace, taken from its root.
///
/// While no root has arrived, the earliest span takes its place.
#[derive(Debug, Clone, Serialize)]
pub struct TraceSummary {
    /// The trace id in W3C's format, 32 hexadecimal digits.
    pub trace_id: TraceId,
    /// The trace id in X-Ray's format, `1-8-24`.
    pub xray_trace_id: String,
    /// The root's name.
    pub name: String,
    /// Whether a span without a parent has arrived.
    pub has_root: bool,
    /// The root's dataset, which is its service.
    pub service: String,
    /// The root's `http.route`.
    pub route: Option<String>,
    /// The root's `http.response.status_code`.
    pub status: Option<u64>,
    /// The root's start in nanoseconds since 1970.
    pub start_ns: u64,
    /// The root's duration in milliseconds.
    pub duration_ms: f64,
    /// The root's `faas.coldstart`.
    pub cold: Option<bool>,
    /// Whether the root's status is error.
    pub error: bool,
    /// How many spans have arrived, duplicates included.
    pub spans: usize,
    /// How many of them have the status error.
    pub error_spans: usize,
}

impl Trace {
    /// Returns the trace's summary, or `None` if it has no span.
    #[must_use]
    pub fn summary(&self) -> Option<TraceSummary> {
        let root = self.root();
        let first: &Span = root.or_else(|| self.spans.iter().map(AsRef::as_ref).min_by_key(|span| span.start_ns))?;
        let attribute = |name: &str| first.attributes.get(name);
        Some(TraceSummary {
            trace_id: self.trace_id,
            xray_trace_id: self.trace_id.xray(),
            name: first.name.clone(),
            has_root: root.is_some(),
            service: first.dataset.clone(),
            route: attribute("http.route").and_then(Value::as_str).map(str::to_owned),
            status: attribute("http.response.status_code").and_then(Value::as_u64),
            start_ns: first.start_ns,
            duration_ms: first.duration_ms(),
            cold: attribute("faas.coldstart").and_then(Value::as_bool),
            error: first.is_error(),
            spans: self.spans.len(),
            error_spans: self.spans.iter().filter(|span| span.is_error()).count(),
        })
    }
}
