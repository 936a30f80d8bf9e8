//! A trace that came through no gateway: a process that died before it had a request, or an invocation by a trigger.

use std::sync::Arc;

use crudder_fakes::{Span, TraceId};
use serde_json::Value;

use super::handle::cut;
use super::{Entry, Outcome};

/// What its root span tells.
#[derive(Debug)]
pub(super) struct Alone {
    name: Box<str>,
    function: Option<Arc<str>>,
    pub(super) started_ms: u64,
    duration_us: u64,
    outcome: Outcome,
}

impl Alone {
    /// Of a root span; of no other.
    pub(super) fn of(span: &Span) -> Option<Self> {
        span.parent_span_id.is_none().then(|| Self {
            name: cut(&span.name).into(),
            function: span.resource.get("faas.name").and_then(Value::as_str).map(Arc::from),
            started_ms: span.start_ns / 1_000_000,
            duration_us: span.end_ns.saturating_sub(span.start_ns) / 1_000,
            outcome: if span.is_error() { Outcome::Error } else { Outcome::Ok },
        })
    }

    /// A line of the list without a method and a status: nobody asked, and nobody was answered.
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
            culprit: None,
            detail: None,
            planes: 0,
        }
    }

    #[cfg(test)]
    pub(super) fn init(started_ms: u64) -> Self {
        Self { name: "init".into(), function: None, started_ms, duration_us: 5, outcome: Outcome::Error }
    }
}
