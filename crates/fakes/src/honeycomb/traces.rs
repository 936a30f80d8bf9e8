//! Spans by trace, and which of them came before.

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::{Span, TraceSummary};
use crate::{Delivery, TraceId};

/// The spans of one trace, in the order of their arrival, those that came twice twice.
#[derive(Debug, Clone, Serialize)]
pub struct Trace {
    /// Its id.
    pub trace_id: TraceId,
    /// Its spans.
    #[serde(serialize_with = "shared")]
    pub spans: Vec<Arc<Span>>,
}

fn shared<S: Serializer>(spans: &[Arc<Span>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(spans.iter().map(AsRef::as_ref))
}

/// All traces that are kept, in whole or in part.
#[derive(Debug, Default)]
pub(super) struct Traces(HashMap<TraceId, Kin>);

/// The spans of a trace, oldest first, and for each id the batches that brought it.
#[derive(Debug, Default)]
struct Kin {
    spans: VecDeque<Arc<Span>>,
    brought: HashMap<String, Vec<Arc<Delivery>>>,
}

/// What a span meets where it belongs.
#[derive(Debug)]
pub(super) struct Met {
    /// The batches that brought a span of its id before.
    pub(super) before: Vec<Arc<Delivery>>,
    /// Whether another span of its trace stands for another number of events.
    pub(super) is_uneven: bool,
}

impl Traces {
    /// Puts a span to its trace.
    pub(super) fn put(&mut self, span: &Arc<Span>) -> Met {
        let kin = self.0.entry(span.trace_id).or_default();
        let is_uneven = kin.spans.front().is_some_and(|other| other.sample_rate != span.sample_rate);
        let brought = kin.brought.entry(span.span_id.clone()).or_default();
        let before = brought.clone();
        brought.push(Arc::clone(&span.delivery));
        kin.spans.push_back(Arc::clone(span));
        Met { before, is_uneven }
    }

    /// Forgets a span: the oldest of all, so it is the oldest of its trace too.
    pub(super) fn forget(&mut self, fallen: &Span) {
        let Some(kin) = self.0.get_mut(&fallen.trace_id) else { return };
        kin.spans.pop_front();
        if let Some(brought) = kin.brought.get_mut(&fallen.span_id) {
            brought.remove(0);
            if brought.is_empty() {
                kin.brought.remove(&fallen.span_id);
            }
        }
        if kin.spans.is_empty() {
            self.0.remove(&fallen.trace_id);
        }
    }

    /// The newest, newest first.
    pub(super) fn newest(&self, limit: usize) -> Vec<TraceSummary> {
        let started = |kin: &Kin| kin.spans.iter().map(|span| span.start_ns).min();
        let mut traces: Vec<_> = self.0.iter().map(|(id, kin)| (Reverse(started(kin)), *id)).collect();
        traces.sort_unstable();
        traces.iter().take(limit).filter_map(|(_, id)| self.trace(*id)?.summary()).collect()
    }

    pub(super) fn trace(&self, trace_id: TraceId) -> Option<Trace> {
        let kin = self.0.get(&trace_id)?;
        Some(Trace { trace_id, spans: kin.spans.iter().cloned().collect() })
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}
