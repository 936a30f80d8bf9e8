//! An index of the stored spans by trace and by span id.

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::span::Span;
use super::summary::TraceSummary;
use super::trace::Trace;
use crate::{Delivery, TraceId};

/// The traces of the stored spans. Older spans of a trace may be evicted already.
#[derive(Debug, Default)]
pub(super) struct TraceIndex(HashMap<TraceId, TraceEntry>);

/// The spans of a trace, oldest first, and the deliveries of each span id.
#[derive(Debug, Default)]
struct TraceEntry {
    spans: VecDeque<Arc<Span>>,
    deliveries: HashMap<String, Vec<Arc<Delivery>>>,
}

/// What the index knew when a span was inserted.
#[derive(Debug)]
pub(super) struct Inserted {
    /// The deliveries that contained a span with the same id before.
    pub(super) earlier_deliveries: Vec<Arc<Delivery>>,
    /// Whether another span of the trace has another sample rate.
    pub(super) sample_rate_differs: bool,
}

impl TraceIndex {
    pub(super) fn insert(&mut self, span: &Arc<Span>) -> Inserted {
        let entry = self.0.entry(span.trace_id).or_default();
        let sample_rate_differs = entry.spans.front().is_some_and(|other| other.sample_rate != span.sample_rate);
        let deliveries = entry.deliveries.entry(span.span_id.clone()).or_default();
        let earlier_deliveries = deliveries.clone();
        deliveries.push(Arc::clone(&span.delivery));
        entry.spans.push_back(Arc::clone(span));
        Inserted { earlier_deliveries, sample_rate_differs }
    }

    /// Removes a span. It must be the oldest of all spans, so that it is the oldest of its trace.
    pub(super) fn remove_oldest(&mut self, span: &Span) {
        let Some(entry) = self.0.get_mut(&span.trace_id) else { return };
        entry.spans.pop_front();
        if let Some(deliveries) = entry.deliveries.get_mut(&span.span_id) {
            deliveries.remove(0);
            if deliveries.is_empty() {
                entry.deliveries.remove(&span.span_id);
            }
        }
        if entry.spans.is_empty() {
            self.0.remove(&span.trace_id);
        }
    }

    /// Returns the summaries of the newest traces, newest first.
    pub(super) fn newest(&self, limit: usize) -> Vec<TraceSummary> {
        let start = |entry: &TraceEntry| entry.spans.iter().map(|span| span.start_ns).min();
        let mut traces: Vec<_> = self.0.iter().map(|(id, entry)| (Reverse(start(entry)), *id)).collect();
        traces.sort_unstable();
        traces.iter().take(limit).filter_map(|(_, id)| self.trace(*id)?.summary()).collect()
    }

    pub(super) fn trace(&self, trace_id: TraceId) -> Option<Trace> {
        let entry = self.0.get(&trace_id)?;
        Some(Trace { trace_id, spans: entry.spans.iter().cloned().collect() })
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}
