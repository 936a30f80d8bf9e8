//! The smallest thing that a destination accepts or rejects: a span, a Rollbar item, the documents
//! of one trace.

use crudder_recorder::WriterId;
use tokio::time::Instant;

use super::payload::Payload;

/// Something to export to one destination, and the records that are resolved once it is exported.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// The record that bears the item's batch number.
    pub(crate) position: u64,
    /// Records that are needed to make the item again after a restart; they bear the batch number
    /// too.
    pub(crate) also: Vec<u64>,
    /// The process whose resource the item needs.
    pub(crate) process: Option<WriterId>,
    /// The payload size of the record at `position` if the item is that record's message with
    /// `payload` appended; `None` if `payload` is all of it.
    pub(crate) record_bytes: Option<usize>,
    pub(crate) payload: Payload,
    /// Whether it belongs to a failed invocation. Errors are sent at once, and become dead letters
    /// last.
    pub(crate) has_error: bool,
    pub(crate) queued_at: Instant,
    /// Whether an earlier extension process may have exported it: then it is sent again in its old
    /// batch, and counted.
    pub(crate) in_doubt: bool,
}

impl Item {
    /// Returns an item of a failed invocation that consists of `payload`.
    pub(crate) fn new(position: u64, payload: Payload, now: Instant) -> Self {
        Self {
            position,
            also: Vec::new(),
            process: None,
            record_bytes: None,
            payload,
            has_error: true,
            queued_at: now,
            in_doubt: false,
        }
    }

    /// Returns about how many bytes of a request it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.record_bytes.unwrap_or_default() + self.payload.body.len()
    }

    /// Returns the positions of all its records.
    pub(crate) fn positions(&self) -> impl Iterator<Item = u64> {
        std::iter::once(self.position).chain(self.also.iter().copied())
    }

    pub(crate) fn positions_mut(&mut self) -> impl Iterator<Item = &mut u64> {
        std::iter::once(&mut self.position).chain(&mut self.also)
    }
}
