//! Waits for what appears late: longer from time to time, and not for ever.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// What is nearly there is not waited for long.
const FIRST: Duration = Duration::from_millis(100);
/// A pause as long as X-Ray's own delays; asking more rarely would only make people wait.
const LONGEST: Duration = Duration::from_secs(3);

/// Asks until there is an answer, or the time is up.
///
/// # Errors
/// What `ask` says when it fails.
pub(crate) async fn until<T, E>(
    patience: Duration,
    mut ask: impl AsyncFnMut() -> Result<Option<T>, E>,
) -> Result<Option<T>, E> {
    let end = Instant::now() + patience;
    let mut pause = FIRST;
    loop {
        if let Some(found) = ask().await? {
            return Ok(Some(found));
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        sleep(pause.min(left)).await;
        pause = (pause * 2).min(LONGEST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_asks_ever_more_rarely_and_ends() {
        let (start, mut asked) = (Instant::now(), Vec::new());
        let found: Result<Option<()>, ()> = until(Duration::from_secs(10), async || {
            asked.push(start.elapsed().as_millis());
            Ok(None)
        })
        .await;
        assert_eq!(found, Ok(None));
        assert_eq!(asked, [0, 100, 300, 700, 1_500, 3_100, 6_100, 9_100, 10_000]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_late_is_found() {
        let mut asked = 0;
        let found: Result<_, ()> = until(Duration::from_secs(60), async || {
            asked += 1;
            Ok((asked == 4).then_some("here"))
        })
        .await;
        assert_eq!((found, asked), (Ok(Some("here")), 4));
    }
}
