//! Rollbar's rate limit: a window of one minute per token, which starts with its first call.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::handler::Response;

/// The window of the system limit ("Rate limits").
const WINDOW: Duration = Duration::from_secs(60);

/// The limit in the headers of an injected 429.
const DEFAULT_LIMIT: u32 = 5_000;

/// Counts the calls of each token.
#[derive(Debug)]
pub(super) struct RateLimiter {
    limit: u32,
    windows: HashMap<usize, Window>,
}

#[derive(Debug)]
struct Window {
    start: SystemTime,
    calls: u32,
}

/// The state of a token's limit after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RateLimitStatus {
    pub(super) is_exceeded: bool,
    limit: u32,
    remaining_calls: u32,
    remaining_seconds: u64,
    reset_epoch_s: u64,
}

impl RateLimiter {
    pub(super) fn new(limit: u32) -> Self {
        Self { limit, windows: HashMap::new() }
    }

    /// Counts a call. `token` is the token's index in the list of known tokens, whose length bounds
    /// the map.
    pub(super) fn count_call(&mut self, token: usize, now: SystemTime) -> RateLimitStatus {
        let window = self.windows.entry(token).or_insert(Window { start: now, calls: 0 });
        if now.duration_since(window.start).is_ok_and(|age| age >= WINDOW) {
            *window = Window { start: now, calls: 0 };
        }
        window.calls = window.calls.saturating_add(1);
        let age = now.duration_since(window.start).unwrap_or_default();
        RateLimitStatus {
            is_exceeded: window.calls > self.limit,
            limit: self.limit,
            remaining_calls: self.limit.saturating_sub(window.calls),
            remaining_seconds: (WINDOW - age).as_secs(),
            reset_epoch_s: epoch_seconds(window.start + WINDOW),
        }
    }
}

impl RateLimitStatus {
    /// Returns the status of a limit that is exceeded and resets after so many seconds.
    pub(super) fn exceeded(seconds: u64, now: SystemTime) -> Self {
        let reset_epoch_s = epoch_seconds(now) + seconds;
        Self { is_exceeded: true, limit: DEFAULT_LIMIT, remaining_calls: 0, remaining_seconds: seconds, reset_epoch_s }
    }

    /// Adds the four headers of every response to a known token. There is no `Retry-After` ("Rate
    /// limits").
    pub(super) fn add_headers(self, response: Response) -> Response {
        response
            .with_header("x-rate-limit-limit", self.limit)
            .with_header("x-rate-limit-remaining", self.remaining_calls)
            .with_header("x-rate-limit-remaining-seconds", self.remaining_seconds)
            .with_header("x-rate-limit-reset", self.reset_epoch_s)
    }
}

fn epoch_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_a_minute_after_its_first_call() {
        let mut limiter = RateLimiter::new(1);
        let start = UNIX_EPOCH + Duration::from_secs(1_000);
        assert!(!limiter.count_call(1, start).is_exceeded);
        let second = limiter.count_call(1, start + Duration::from_secs(20));
        assert_eq!((second.is_exceeded, second.remaining_seconds, second.reset_epoch_s), (true, 40, 1_060));
        assert!(!limiter.count_call(2, start).is_exceeded, "each token has its own window");
        assert!(!limiter.count_call(1, start + Duration::from_secs(60)).is_exceeded);
    }
}
