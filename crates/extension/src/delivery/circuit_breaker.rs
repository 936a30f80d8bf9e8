//! The circuit breaker of a destination: while the destination fails, no connection to it is
//! opened.

use std::time::Duration;

use tokio::time::Instant;

/// The pause after the first failure without a `Retry-After`; each further failure doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// A longer pause would leave a destination unused that has recovered.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Whether requests to a destination are allowed now.
#[derive(Debug, Default)]
pub(crate) struct CircuitBreaker {
    tripped_until: Option<Instant>,
    failures: u32,
}

impl CircuitBreaker {
    pub(crate) fn allows(&self, now: Instant) -> bool {
        self.tripped_until.is_none_or(|until| until <= now)
    }

    /// Returns when the next attempt is allowed; `None` if the breaker has not tripped.
    pub(crate) fn retry_at(&self) -> Option<Instant> {
        self.tripped_until
    }

    /// Allows requests at once and forgets all failures.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Forbids requests for as long as the destination asks, or else for a pause that grows with
    /// each failure. `salt` spreads the attempts of environments that failed together.
    pub(crate) fn trip(&mut self, now: Instant, retry_after: Option<Duration>, salt: u64) {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.failures.min(10)).min(MAX_PAUSE);
        let jitter = pause.mul_f64((salt.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as f64 / f64::from(1 << 26));
        self.failures += 1;
        self.tripped_until = Some(now + retry_after.unwrap_or(pause + jitter));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_double_up_to_a_minute_and_start_again_after_a_success() {
        let (mut breaker, now) = (CircuitBreaker::default(), Instant::now());
        let mut pauses = Vec::new();
        for _ in 0..10 {
            breaker.trip(now, None, 0);
            pauses.push((breaker.retry_at().unwrap() - now).as_millis());
        }
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
        breaker.reset();
        breaker.trip(now, None, 0);
        assert_eq!(breaker.retry_at(), Some(now + FIRST_PAUSE));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_the_destination_asks_for_is_kept_to_the_second() {
        let (mut breaker, now) = (CircuitBreaker::default(), Instant::now());
        breaker.trip(now, Some(Duration::from_secs(17)), 99);
        assert!(!breaker.allows(now + Duration::from_secs(16)) && breaker.allows(now + Duration::from_secs(17)));
    }
}
