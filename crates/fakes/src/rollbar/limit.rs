//! Rollbar's rate limit: a window of a minute per token, which starts with its first call.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::handler::Answer;

/// The system limit is counted by the minute.
const WINDOW: Duration = Duration::from_secs(60);

/// The windows of all tokens.
#[derive(Debug)]
pub(super) struct Windows {
    limit: u32,
    open: HashMap<usize, Window>,
}

#[derive(Debug)]
struct Window {
    since: SystemTime,
    calls: u32,
}

/// How a token stands after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) is_over: bool,
    limit: u32,
    remaining: u32,
    seconds: u64,
    reset: u64,
}

impl Windows {
    pub(super) fn new(limit: u32) -> Self {
        Self { limit, open: HashMap::new() }
    }

    /// Counts a call of the token with this place in the list of those that are known: the list bounds the map.
    pub(super) fn count(&mut self, token: usize, now: SystemTime) -> Standing {
        let window = self.open.entry(token).or_insert(Window { since: now, calls: 0 });
        if now.duration_since(window.since).is_ok_and(|age| age >= WINDOW) {
            *window = Window { since: now, calls: 0 };
        }
        window.calls = window.calls.saturating_add(1);
        let age = now.duration_since(window.since).unwrap_or_default();
        Standing {
            is_over: window.calls > self.limit,
            limit: self.limit,
            remaining: self.limit.saturating_sub(window.calls),
            seconds: (WINDOW - age).as_secs(),
            reset: epoch(window.since + WINDOW),
        }
    }
}

impl Standing {
    /// A limit that is reached and opens again in so many seconds.
    pub(super) fn throttled(seconds: u64, now: SystemTime) -> Self {
        let reset = epoch(now) + seconds;
        Self { is_over: true, limit: 5_000, remaining: 0, seconds, reset }
    }

    /// The four headers that every answer to a known token carries. There is no `Retry-After`.
    pub(super) fn on(self, answer: Answer) -> Answer {
        answer
            .with("x-rate-limit-limit", self.limit)
            .with("x-rate-limit-remaining", self.remaining)
            .with("x-rate-limit-remaining-seconds", self.seconds)
            .with("x-rate-limit-reset", self.reset)
    }
}

fn epoch(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_a_minute_after_its_first_call() {
        let mut windows = Windows::new(1);
        let start = UNIX_EPOCH + Duration::from_secs(1_000);
        assert!(!windows.count(1, start).is_over);
        let second = windows.count(1, start + Duration::from_secs(20));
        assert_eq!((second.is_over, second.seconds, second.reset), (true, 40, 1_060));
        assert!(!windows.count(2, start).is_over, "another token has a window of its own");
        assert!(!windows.count(1, start + Duration::from_secs(60)).is_over);
    }
}
