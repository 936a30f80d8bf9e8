//! Orphan traces: no request of the gateway started them.
//!
//! A process that died before its first request leaves one, and so does an invocation by a trigger.

use std::sync::Arc;

use crudder_fakes::{Span, TraceId};
use serde_json::Value;

use super::entry::{Entry, truncate};
use super::outcome::Outcome;

/// What the root span of a trace contains.
#[derive(Debug)]
pub(super) struct OrphanTrace {
    name: Box<str>,
    function: Option<Arc<str>>,
    pub(super) started_ms: u64,
    duration_us: u64,
    outcome: Outcome,
}

impl OrphanTrace {
    /// Returns `None` if the span is not a root span.
    pub(super) fn from_root(span: &Span) -> Option<Self> {
        span.parent_span_id.is_none().then(|| Self {
            name: truncate(&span.name).into(),
            function: span.resource.get("faas.name").and_then(Value::as_str).map(Arc::from),
            started_ms: span.start_ns / 1_000_000,
            duration_us: span.end_ns.saturating_sub(span.start_ns) / 1_000,
            outcome: if span.is_error() { Outcome::Error } else { Outcome::Ok },
        })
    }

    /// Returns the entry. It has no method and no status, because there was no HTTP request.
    pub(super) fn entry(self, trace: TraceId, seq: u64, revision: u64) -> Entry {
        Entry {
            seq,
            revision,
            trace,
            started_ms: self.started_ms,
            duration_us: Some(self.duration_us),
            method: "".into(),
            path: self.name,
            route: None,
            function: self.function,
            status: None,
            cold: None,
            outcome: self.outcome,
            failed_span: None,
            detail: None,
            destinations: 0,
        }
    }

    #[cfg(test)]
    pub(super) fn init(started_ms: u64) -> Self {
        Self { name: "init".into(), function: None, started_ms, duration_us: 5, outcome: Outcome::Error }
    }
}
