//! A batch that has a number and is not acknowledged yet.

use crudder_recorder::Stats;
use tokio::time::Instant;

use super::spool::Spooled;
use crate::exporters::{Item, Payload};

/// A batch that is being sent, or waits for its next attempt. There is at most one per destination.
pub(super) struct InFlightBatch {
    pub(super) batch: u64,
    /// Empty for a batch from the spool: its records are resolved already.
    pub(super) items: Vec<Item>,
    pub(super) has_error: bool,
    pub(super) payload: Payload,
    /// Its file, if it was spooled.
    pub(super) spooled: Option<Spooled>,
    /// When it was sent, while its response is awaited.
    pub(super) sent_at: Option<Instant>,
    /// Whether an attempt got no response: the destination may have the batch.
    pub(super) in_doubt: bool,
    /// How often the destination answered 500.
    pub(super) server_errors: u8,
    /// The loss counters that it reports.
    pub(super) losses: Option<Stats>,
}

impl InFlightBatch {
    /// Returns a batch from the spool.
    pub(super) fn from_spool(spooled: Spooled, payload: Payload) -> Self {
        Self {
            batch: spooled.batch,
            items: Vec::new(),
            has_error: spooled.has_error,
            payload,
            in_doubt: spooled.was_tried,
            spooled: Some(spooled),
            sent_at: None,
            server_errors: 0,
            losses: None,
        }
    }

    pub(super) fn item_count(&self) -> usize {
        self.spooled.as_ref().map_or(self.items.len(), |spooled| spooled.items)
    }
}
