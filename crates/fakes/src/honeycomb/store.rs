//! The store of Honeycomb's fake: spans in the order of arrival and by trace, and duplicates.

use std::sync::Arc;

use super::batch::Batch;
use super::check::Checks;
use super::duplicates::{Duplicate, Duplicates};
use super::span::Span;
use super::summary::TraceSummary;
use super::trace::Trace;
use super::trace_index::TraceIndex;
use crate::bounded_log::BoundedLog;
use crate::{CallLog, TraceId};

/// Bodies may take this fraction of the store's capacity. They are compressed, so that they are far
/// smaller than their spans.
const BATCH_FRACTION: usize = 4;

/// What the fake accepted so far.
#[derive(Debug)]
pub struct HoneycombStore {
    pub(super) call_log: CallLog,
    pub(super) checks: Checks,
    pub(super) spans: BoundedLog<Arc<Span>>,
    pub(super) batches: BoundedLog<Batch>,
    pub(super) traces: TraceIndex,
    pub(super) counts: Counts,
    pub(super) duplicates: Duplicates,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) spans: u64,
    pub(super) rejected: u64,
    pub(super) invalid_ids: u64,
}

impl HoneycombStore {
    pub(super) fn new(capacity_bytes: usize) -> Self {
        Self {
            call_log: CallLog::default(),
            checks: Checks::default(),
            spans: BoundedLog::new(capacity_bytes),
            batches: BoundedLog::new(capacity_bytes / BATCH_FRACTION),
            traces: TraceIndex::default(),
            counts: Counts::default(),
            duplicates: Duplicates::default(),
        }
    }

    /// Returns the log of calls, rejections, violations and deliveries.
    #[must_use]
    pub fn call_log(&self) -> &CallLog {
        &self.call_log
    }

    /// Returns how many spans were accepted, including duplicates and evicted spans.
    #[must_use]
    pub fn span_count(&self) -> u64 {
        self.counts.spans
    }

    /// Returns how many spans a partial success rejected.
    #[must_use]
    pub fn rejected_spans(&self) -> u64 {
        self.counts.rejected
    }

    /// Returns how many accepted spans have an id of the wrong length, so that no trace shows them.
    #[must_use]
    pub fn spans_with_invalid_ids(&self) -> u64 {
        self.counts.invalid_ids
    }

    /// Returns how many spans were evicted to keep the store within its capacity.
    #[must_use]
    pub fn evicted_spans(&self) -> u64 {
        self.spans.evicted()
    }

    /// Returns how many bytes the stored spans take, estimated generously.
    #[must_use]
    pub fn bytes_kept(&self) -> usize {
        self.spans.weight()
    }

    /// Returns how many spans arrived again after an unanswered delivery. At-least-once delivery
    /// demands that.
    #[must_use]
    pub fn expected_duplicates(&self) -> u64 {
        self.duplicates.expected()
    }

    /// Returns how many spans arrived again although their first delivery was answered.
    #[must_use]
    pub fn unexpected_duplicates(&self) -> u64 {
        self.duplicates.unexpected()
    }

    /// Returns the last ten thousand duplicates, oldest first.
    pub fn duplicates(&self) -> impl DoubleEndedIterator<Item = &Duplicate> {
        self.duplicates.listed()
    }

    /// Returns the stored spans in the order of arrival.
    pub fn spans(&self) -> impl DoubleEndedIterator<Item = &Span> {
        self.spans.iter().map(AsRef::as_ref)
    }

    /// Returns summaries of the newest traces, newest first, at most `limit`.
    #[must_use]
    pub fn traces(&self, limit: usize) -> Vec<TraceSummary> {
        self.traces.newest(limit)
    }

    /// Returns of how many traces the store has spans.
    #[must_use]
    pub fn trace_count(&self) -> usize {
        self.traces.count()
    }

    /// Returns the stored spans of a trace, or `None` if there are none.
    #[must_use]
    pub fn trace(&self, trace_id: TraceId) -> Option<Trace> {
        self.traces.trace(trace_id)
    }

    /// Returns the batch with this delivery number as it arrived, or `None` if it was evicted.
    #[must_use]
    pub fn batch(&self, number: u64) -> Option<&Batch> {
        self.batches.iter().rev().find(|batch| batch.number == number)
    }

    pub(super) fn call_log_mut(&mut self) -> &mut CallLog {
        &mut self.call_log
    }
}
