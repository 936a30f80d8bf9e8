//! Bounded waits.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::TIMEOUT;

/// The pause between two checks of a condition that sends no notification, such as a file in
/// `/proc`.
const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// Waits for `future`, at most [`TIMEOUT`].
///
/// # Panics
/// Panics with `what` in its message if `future` is not ready in time.
pub async fn within_timeout<T>(what: &str, future: impl Future<Output = T>) -> T {
    match timeout(TIMEOUT, future).await {
        Ok(value) => value,
        Err(_) => panic!("timed out after {TIMEOUT:?} while waiting for {what}"),
    }
}

/// Checks `condition` every millisecond until it holds, at most [`TIMEOUT`].
///
/// Use this only for a condition that sends no notification.
///
/// # Panics
/// Panics with `what` in its message if the condition does not hold in time.
pub async fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    within_timeout(what, async {
        while !condition() {
            sleep(POLL_INTERVAL).await;
        }
    })
    .await;
}
