//! Waiting for a change of a fake's store.

use std::time::Duration;

use tokio::sync::watch;

/// The error of a wait whose condition was not met in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("condition not met within {0:?}")]
pub struct TimedOut(pub Duration);

/// Waits until `find` returns a value for the store. The X-Ray daemon, which is no HTTP server,
/// uses it too.
pub(crate) async fn wait_for<S, T>(
    store: &watch::Sender<S>,
    within: Duration,
    find: &mut impl FnMut(&S) -> Option<T>,
) -> Result<T, TimedOut> {
    let mut changes = store.subscribe();
    let mut found = None;
    let change = changes.wait_for(|store| {
        found = find(store);
        found.is_some()
    });
    let waited = tokio::time::timeout(within, change).await.map(|change| change.map(drop));
    match (waited, found) {
        (Ok(Ok(())), Some(found)) => Ok(found),
        _ => Err(TimedOut(within)),
    }
}
