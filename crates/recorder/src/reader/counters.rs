//! The counters in the file header.

use std::sync::atomic::Ordering;

use super::Reader;
use crate::counter::Counter;
use crate::ring::Ring;
use crate::stats::Stats;

impl Reader {
    /// Adds to one of the counters in the file header.
    pub fn count(&mut self, counter: Counter, amount: u64) {
        self.ring().counter(counter as usize).fetch_add(amount, Ordering::Relaxed);
    }

    /// Returns all counters.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.snapshot(|ring, index| ring.counter(index).load(Ordering::Relaxed))
    }

    /// Returns the counters that [`set_reported`](Self::set_reported) stored last, also before a
    /// restart.
    #[must_use]
    pub fn reported(&self) -> Stats {
        self.snapshot(|ring, index| ring.reported(index).load(Ordering::Relaxed))
    }

    /// Stores that a sink accepted a batch with these counts.
    pub fn set_reported(&mut self, stats: &Stats) {
        for (index, value) in stats.counters.iter().enumerate() {
            self.ring().reported(index).store(*value, Ordering::Relaxed);
        }
    }

    fn snapshot(&self, value: impl Fn(&Ring, usize) -> u64) -> Stats {
        let ring = self.ring();
        let used = ring.tail_position().saturating_sub(ring.free().load(Ordering::Acquire));
        let counters = std::array::from_fn(|index| value(ring, index));
        Stats { used_bytes: used, ring_bytes: ring.bytes(), counters }
    }
}
