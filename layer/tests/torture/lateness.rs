//! How late the machine itself is: what a wait took longer than it should because others had the processor.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often it is looked; far below what is measured with it.
const TICK: Duration = Duration::from_millis(5);

/// Watches until it is dropped.
pub(crate) struct Lateness {
    worst_us: Arc<AtomicU64>,
    watch: AbortHandle,
}

impl Lateness {
    pub(crate) fn watch() -> Self {
        let worst_us = Arc::new(AtomicU64::new(0));
        let noted = Arc::clone(&worst_us);
        let watch = tokio::spawn(async move {
            let mut ticks = interval(TICK);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            loop {
                let due = ticks.tick().await;
                noted.fetch_max((Instant::now() - due).as_micros() as u64, Ordering::Relaxed);
            }
        });
        Self { worst_us, watch: watch.abort_handle() }
    }

    /// The worst so far.
    pub(crate) fn worst(&self) -> Duration {
        Duration::from_micros(self.worst_us.load(Ordering::Relaxed))
    }
}

impl Drop for Lateness {
    fn drop(&mut self) {
        self.watch.abort();
    }
}
