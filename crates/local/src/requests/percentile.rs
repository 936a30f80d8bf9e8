//! Percentiles of the newest durations.

use std::collections::VecDeque;

/// The most durations: enough for a 99th percentile, and few enough to sort for every map.
const MAX_DURATIONS: usize = 1_000;

/// The newest durations, in microseconds.
#[derive(Debug, Clone, Default)]
pub(super) struct Durations(VecDeque<u64>);

impl Durations {
    /// Returns whether another duration would drop the first.
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MAX_DURATIONS
    }

    pub(super) fn add(&mut self, micros: u64) {
        if self.is_full() {
            self.0.pop_front();
        }
        self.0.push_back(micros);
    }

    /// Returns the nearest-rank percentiles in milliseconds, in the order of `wanted`; `None` if
    /// there are no durations.
    pub(super) fn percentiles<const N: usize>(&self, wanted: [usize; N]) -> [Option<f64>; N] {
        let mut sorted: Vec<u64> = self.0.iter().copied().collect();
        sorted.sort_unstable();
        wanted.map(|percent| {
            let rank = (sorted.len() * percent).div_ceil(100);
            // Microseconds below 2^52 are exact in an `f64`.
            #[expect(clippy::cast_precision_loss, reason = "a duration of 142 years would lose a microsecond")]
            sorted.get(rank.checked_sub(1)?).map(|micros| *micros as f64 / 1e3)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_the_nearest_ranks_of_the_newest_durations() {
        let mut durations = Durations::default();
        assert_eq!(durations.percentiles([50, 99]), [None, None]);
        for micros in 1..=200_000 {
            durations.add(micros);
        }
        assert_eq!(durations.percentiles([50, 99]), [Some(199.5), Some(199.99)]);
    }
}
