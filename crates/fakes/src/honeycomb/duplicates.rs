//! Duplicate spans, and whether their sender had to send them again.

use std::sync::Arc;

use super::span::Span;
use crate::bounded_log::BoundedLog;
use crate::{Delivery, TraceId, Violation};

/// How many duplicates are listed. The counts have no limit.
const MAX_LISTED: usize = 10_000;

/// A span that arrived more than once.
#[derive(Debug, Clone)]
pub struct Duplicate {
    /// The span's trace.
    pub trace_id: TraceId,
    /// The span's id, 16 hexadecimal digits.
    pub span_id: String,
    /// The numbers of the deliveries that contained the span before.
    pub earlier_deliveries: Vec<u64>,
    /// The number of the delivery that contained it again.
    pub delivery: u64,
    /// Whether none of the earlier deliveries was answered. The sender then had to send it again.
    pub is_expected: bool,
}

/// Counts duplicates and lists the last of them.
#[derive(Debug)]
pub(super) struct Duplicates {
    listed: BoundedLog<Duplicate>,
    expected: u64,
    unexpected: u64,
}

impl Default for Duplicates {
    fn default() -> Self {
        Self { listed: BoundedLog::new(MAX_LISTED), expected: 0, unexpected: 0 }
    }
}

impl Duplicates {
    pub(super) fn expected(&self) -> u64 {
        self.expected
    }

    pub(super) fn unexpected(&self) -> u64 {
        self.unexpected
    }

    pub(super) fn listed(&self) -> impl DoubleEndedIterator<Item = &Duplicate> {
        self.listed.iter()
    }

    /// Records that a span arrived again, and returns a violation if that is unexpected.
    pub(super) fn record(&mut self, span: &Span, earlier: &[Arc<Delivery>]) -> Option<Violation> {
        let delivery = span.delivery.number();
        let is_expected = earlier.iter().all(|earlier| !earlier.was_answered() && earlier.number() != delivery);
        self.expected += u64::from(is_expected);
        self.unexpected += u64::from(!is_expected);
        let earlier_deliveries = earlier.iter().map(|delivery| delivery.number()).collect();
        let (trace_id, span_id) = (span.trace_id, span.span_id.clone());
        let duplicate = Duplicate { trace_id, span_id, earlier_deliveries, delivery, is_expected };
        let _ = self.listed.push(duplicate, 1);
        (!is_expected).then(|| unexpected_duplicate(span))
    }
}

fn unexpected_duplicate(span: &Span) -> Violation {
    let detail = format!(
        "span {} of trace {} arrived again after Honeycomb accepted it; Honeycomb stores both",
        span.span_id, span.trace_id
    );
    Violation::new("span-duplicate", detail)
}
