//! Polling with exponential backoff and a time limit.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Short, so that a result that is almost there costs little time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// As long as X-Ray's own delays. A longer pause would only make users wait.
const MAX_PAUSE: Duration = Duration::from_secs(3);

/// Calls `poll` until it returns a value or `timeout` has passed; `None` after the timeout.
///
/// # Errors
/// The first error of `poll`.
pub(crate) async fn poll_until<T, E>(
    timeout: Duration,
    mut poll: impl AsyncFnMut() -> Result<Option<T>, E>,
) -> Result<Option<T>, E> {
    let end = Instant::now() + timeout;
    let mut pause = FIRST_PAUSE;
    loop {
        if let Some(found) = poll().await? {
            return Ok(Some(found));
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        sleep(pause.min(left)).await;
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_pauses_grow_until_the_timeout_ends_the_polling() {
        let (start, mut calls) = (Instant::now(), Vec::new());
        let found: Result<Option<()>, ()> = poll_until(Duration::from_secs(10), async || {
            calls.push(start.elapsed().as_millis());
            Ok(None)
        })
        .await;
        assert_eq!(found, Ok(None));
        assert_eq!(calls, [0, 100, 300, 700, 1_500, 3_100, 6_100, 9_100, 10_000]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_that_appears_late_is_returned() {
        let mut calls = 0;
        let found: Result<_, ()> = poll_until(Duration::from_secs(60), async || {
            calls += 1;
            Ok((calls == 4).then_some("here"))
        })
        .await;
        assert_eq!((found, calls), (Ok(Some("here")), 4));
    }
}
