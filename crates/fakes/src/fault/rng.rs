//! A small random number generator whose sequence depends only on its seed.

/// SplitMix64 (Steele, Lea, Flood 2014): one addition and three mixing steps per number.
///
/// Its quality is sufficient for random faults, and the same seed gives the same sequence.
#[derive(Debug, Clone)]
pub(super) struct Rng(u64);

impl Rng {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns true with this probability.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are kept, which is all that an f64 has")]
    pub(super) fn happens(&mut self, probability: f64) -> bool {
        const STEPS: f64 = (1_u64 << 53) as f64;
        ((self.next_u64() >> 11) as f64 / STEPS) < probability
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_determines_a_sequence_with_the_given_probability() {
        let sequence = |seed| {
            let mut rng = Rng::new(seed);
            (0..1000).map(|_| rng.happens(0.3)).collect::<Vec<_>>()
        };
        assert_eq!(sequence(7), sequence(7));
        assert_ne!(sequence(7), sequence(8));
        let hits = sequence(7).into_iter().filter(|hit| *hit).count();
        assert!((250..350).contains(&hits), "{hits} of 1000");
    }
}
