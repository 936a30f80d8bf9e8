//! Spans that came again, and whether their sender could know better.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Serialize;

use super::Span;
use crate::{Delivery, TraceId, Violation};

/// Duplicates are listed for a test's report up to this many, and counted beyond.
const LISTED: usize = 10_000;

/// A span that came again.
#[derive(Debug, Clone, Serialize)]
pub struct Duplicate {
    /// Its trace.
    pub trace_id: TraceId,
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// The numbers of the deliveries that had brought it before.
    pub before: Vec<u64>,
    /// The number of the delivery that brought it again.
    pub again: u64,
    /// Whether none of those before had been answered, so that its sender could not know.
    pub is_excused: bool,
}

/// All of them, counted, and the last ones listed.
#[derive(Debug, Default)]
pub(super) struct Duplicates {
    listed: VecDeque<Duplicate>,
    excused: u64,
    unexcused: u64,
}

impl Duplicates {
    pub(super) fn excused(&self) -> u64 {
        self.excused
    }

    pub(super) fn unexcused(&self) -> u64 {
        self.unexcused
    }

    pub(super) fn listed(&self) -> impl DoubleEndedIterator<Item = &Duplicate> {
        self.listed.iter()
    }

    /// Notes that a span came again after these deliveries, and complains where that is not excused.
    pub(super) fn note(&mut self, span: &Span, before: &[Arc<Delivery>]) -> Option<Violation> {
        let again = span.delivery.number();
        let is_excused = before.iter().all(|delivery| !delivery.was_answered() && delivery.number() != again);
        self.excused += u64::from(is_excused);
        self.unexcused += u64::from(!is_excused);
        if self.listed.len() == LISTED {
            self.listed.pop_front();
        }
        let before = before.iter().map(|delivery| delivery.number()).collect();
        let (trace_id, span_id) = (span.trace_id, span.span_id.clone());
        self.listed.push_back(Duplicate { trace_id, span_id, before, again, is_excused });
        let told = || Violation::new("span-twice", format!("span {} of trace {trace_id} came again", span.span_id));
        (!is_excused).then(told)
    }
}
