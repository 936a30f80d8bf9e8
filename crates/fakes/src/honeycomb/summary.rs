//! One line a trace, for lists.

use serde::Serialize;
use serde_json::Value;

use super::{Span, Trace};
use crate::TraceId;

/// A trace in one line.
#[derive(Debug, Clone, Serialize)]
pub struct TraceSummary {
    /// 32 hexadecimal digits.
    pub trace_id: TraceId,
    /// The same as `1-8-24`.
    pub xray_trace_id: String,
    /// The root's name; of the earliest span while no root has come.
    pub name: String,
    /// Whether a span without a parent has come.
    pub has_root: bool,
    /// The root's dataset, which is its service.
    pub service: String,
    /// The root's `http.route`.
    pub route: Option<String>,
    /// The root's `http.response.status_code`.
    pub status: Option<u64>,
    /// When the root started, in nanoseconds since 1970.
    pub start_ns: u64,
    /// The root's length.
    pub duration_ms: f64,
    /// The root's `faas.coldstart`.
    pub cold: Option<bool>,
    /// Whether the root's status is error.
    pub error: bool,
    /// How many spans have come, those that came twice counted twice.
    pub spans: usize,
    /// How many of them have the status error.
    pub error_spans: usize,
}

impl Trace {
    /// The span without a parent, the earliest if there are several.
    #[must_use]
    pub fn root(&self) -> Option<&Span> {
        self.spans
            .iter()
            .map(AsRef::as_ref)
            .filter(|span| span.parent_span_id.is_none())
            .min_by_key(|span| span.start_ns)
    }

    /// The trace in one line.
    #[must_use]
    pub fn summary(&self) -> Option<TraceSummary> {
        let root = self.root();
        let first = root.or_else(|| self.spans.iter().map(AsRef::as_ref).min_by_key(|span| span.start_ns))?;
        let said = |name: &str| first.attributes.get(name);
        Some(TraceSummary {
            trace_id: self.trace_id,
            xray_trace_id: self.trace_id.xray(),
            name: first.name.clone(),
            has_root: root.is_some(),
            service: first.dataset.clone(),
            route: said("http.route").and_then(Value::as_str).map(str::to_owned),
            status: said("http.response.status_code").and_then(Value::as_u64),
            start_ns: first.start_ns,
            duration_ms: first.duration_ms(),
            cold: said("faas.coldstart").and_then(Value::as_bool),
            error: first.is_error(),
            spans: self.spans.len(),
            error_spans: self.spans.iter().filter(|span| span.is_error()).count(),
        })
    }
}
