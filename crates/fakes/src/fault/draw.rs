//! Chance that can be repeated: a small generator that a seed determines.

/// SplitMix64 (Steele, Lea, Flood 2014): one addition and three mixing steps a number, enough for tossing coins and always the same for one seed.
#[derive(Debug, Clone)]
pub(super) struct Draw(u64);

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// True once in `1 / probability` draws.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are kept, which is all that an f64 has")]
    pub(super) fn hits(&mut self, probability: f64) -> bool {
        const STEPS: f64 = (1_u64 << 53) as f64;
        ((self.number() >> 11) as f64 / STEPS) < probability
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_row_of_draws_near_the_probability() {
        let row = |seed| {
            let mut draw = Draw::new(seed);
            (0..1000).map(|_| draw.hits(0.3)).collect::<Vec<_>>()
        };
        assert_eq!(row(7), row(7));
        assert_ne!(row(7), row(8));
        let hits = row(7).into_iter().filter(|hit| *hit).count();
        assert!((250..350).contains(&hits), "{hits} of 1000");
    }
}
