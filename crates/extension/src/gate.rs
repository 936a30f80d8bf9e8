//! A breaker: while a vendor is in trouble, no socket is opened to it.

use std::time::Duration;

use tokio::time::Instant;

/// The first pause after a failure without a hint, doubled by each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Longer and a vendor that is back would be left alone for no reason.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Whether a vendor may be asked now.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    closed_until: Option<Instant>,
    failures: u32,
}

impl Gate {
    pub(crate) fn is_open(&self, now: Instant) -> bool {
        self.closed_until.is_none_or(|until| until <= now)
    }

    /// When it is worth asking again.
    pub(crate) fn opens_at(&self) -> Option<Instant> {
        self.closed_until
    }

    pub(crate) fn open(&mut self) {
        *self = Self::default();
    }

    /// Closes for as long as the vendor asks, else for a pause that grows. `salt` spreads environments that failed together.
    pub(crate) fn close(&mut self, now: Instant, after: Option<Duration>, salt: u64) {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.failures.min(10)).min(LONGEST_PAUSE);
        let jitter = pause.mul_f64((salt.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as f64 / f64::from(1 << 26));
        self.failures += 1;
        self.closed_until = Some(now + after.unwrap_or(pause + jitter));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_double_up_to_a_minute_and_a_success_forgets_them() {
        let (mut gate, now) = (Gate::default(), Instant::now());
        let mut pauses = Vec::new();
        for _ in 0..10 {
            gate.close(now, None, 0);
            pauses.push((gate.opens_at().unwrap() - now).as_millis());
        }
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
        gate.open();
        gate.close(now, None, 0);
        assert_eq!(gate.opens_at(), Some(now + FIRST_PAUSE));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_the_vendor_names_is_kept_to_the_second() {
        let (mut gate, now) = (Gate::default(), Instant::now());
        gate.close(now, Some(Duration::from_secs(17)), 99);
        assert!(!gate.is_open(now + Duration::from_secs(16)) && gate.is_open(now + Duration::from_secs(17)));
    }
}
