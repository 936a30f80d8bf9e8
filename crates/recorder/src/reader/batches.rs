//! Batch numbers of records, and the batches that each sink acknowledged.

use std::sync::atomic::Ordering;

use super::Reader;
use crate::sink::{SKIPPED, Sink};

impl Reader {
    /// Whether this sink needs nothing more of the record: it is skipped, or its batch is
    /// acknowledged.
    #[must_use]
    pub fn is_resolved_for(&self, position: u64, sink: Sink) -> bool {
        let batch = self.batch(position, sink);
        batch == SKIPPED || (batch > SKIPPED && u64::from(batch) <= self.acknowledged(sink))
    }

    /// Returns the batch number of a record: [`PENDING`](crate::PENDING), [`SKIPPED`], or a batch.
    /// A record that was freed is [`SKIPPED`].
    #[must_use]
    pub fn batch(&self, position: u64, sink: Sink) -> u32 {
        if !self.holds(position) {
            return SKIPPED;
        }
        self.ring().batch(position, sink).load(Ordering::Relaxed)
    }

    /// Sets the batch number of a record: [`PENDING`](crate::PENDING), [`SKIPPED`], or a batch,
    /// numbered from 2. Does nothing if the record was freed.
    pub fn set_batch(&mut self, position: u64, sink: Sink, batch: u32) {
        if self.holds(position) {
            self.side.set_batch(position, sink, batch);
        }
    }

    /// Returns the last batch that this sink is done with; 1 before the first.
    #[must_use]
    pub fn acknowledged(&self, sink: Sink) -> u64 {
        self.ring().acknowledged(sink).load(Ordering::Relaxed)
    }

    /// Returns the last batch of which this sink may have something; 1 before the first.
    #[must_use]
    pub fn attempted(&self, sink: Sink) -> u64 {
        self.ring().attempted(sink).load(Ordering::Relaxed)
    }

    /// Acknowledges all batches up to `batch`: one store resolves every record in them for this
    /// sink.
    pub fn set_acknowledged(&mut self, sink: Sink, batch: u64) {
        self.ring().acknowledged(sink).store(batch, Ordering::Release);
    }

    /// Stores that `batch` may have reached the sink. Call it before the first byte is sent, and
    /// with `batch - 1` if the sink turned out not to have it.
    pub fn set_attempted(&mut self, sink: Sink, batch: u64) {
        self.ring().attempted(sink).store(batch, Ordering::Release);
    }
}
