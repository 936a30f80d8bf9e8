//! The newest durations of something, and the percentiles among them.

use std::collections::VecDeque;

/// Durations that are looked at: enough for a 99th percentile, and few enough to sort at every look.
const LOOKED_AT: usize = 1_000;

/// The newest durations, in microseconds.
#[derive(Debug, Clone, Default)]
pub(super) struct Durations(VecDeque<u64>);

impl Durations {
    /// Whether more would push out the first.
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= LOOKED_AT
    }

    pub(super) fn add(&mut self, micros: u64) {
        if self.is_full() {
            self.0.pop_front();
        }
        self.0.push_back(micros);
    }

    /// The nearest-rank percentiles in milliseconds, in the order that they are asked for; nothing where nothing was measured.
    pub(super) fn percentiles<const N: usize>(&self, wanted: [usize; N]) -> [Option<f64>; N] {
        let mut sorted: Vec<u64> = self.0.iter().copied().collect();
        sorted.sort_unstable();
        wanted.map(|percent| {
            let rank = (sorted.len() * percent).div_ceil(100);
            // Milliseconds with three digits are what a page can show; no duration comes near 2^52 microseconds.
            #[expect(clippy::cast_precision_loss, reason = "a duration of 142 years would lose a microsecond")]
            sorted.get(rank.checked_sub(1)?).map(|micros| *micros as f64 / 1e3)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentiles_are_the_nearest_ranks_of_the_newest() {
        let mut durations = Durations::default();
        assert_eq!(durations.percentiles([50, 99]), [None, None]);
        for micros in 1..=200_000 {
            durations.add(micros);
        }
        assert_eq!(durations.percentiles([50, 99]), [Some(199.5), Some(199.99)]);
    }
}
