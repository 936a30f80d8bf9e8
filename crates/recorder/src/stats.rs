//! A snapshot of the counters and of the fill level.

use crate::counter::{COUNTERS, Counter};
use crate::kind::Kind;

/// The counters of a ring since the creation of its file, and how full it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// The bytes that are claimed and not freed.
    pub used_bytes: u64,
    /// The size of the ring in bytes.
    pub ring_bytes: u64,
    pub(crate) counters: [u64; COUNTERS],
}

impl Stats {
    /// Returns how many records of this kind were dropped because the ring was full or the record
    /// too large.
    #[must_use]
    pub fn dropped(&self, kind: Kind) -> u64 {
        self.counters[kind as usize - 1]
    }

    /// Returns how many records of all kinds were dropped.
    #[must_use]
    pub fn dropped_total(&self) -> u64 {
        self.counters[..Kind::COUNT].iter().sum()
    }

    /// Returns one of the other counters.
    #[must_use]
    pub fn counter(&self, counter: Counter) -> u64 {
        self.counters[counter as usize]
    }

    /// Whether at least half of the ring is used, so that the reader should free space.
    #[must_use]
    pub fn is_half_full(&self) -> bool {
        self.used_bytes >= self.ring_bytes / 2
    }

    /// Returns what was counted since `before`, with the fill level of `self`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let mut counters = self.counters;
        for (now, then) in counters.iter_mut().zip(before.counters) {
            *now = now.saturating_sub(then);
        }
        Self { counters, ..*self }
    }
}
