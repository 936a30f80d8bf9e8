//! Waits until the lines that processes have written so far were forwarded.

use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use super::Environment;
use crate::output_drain::OutputDrain;

/// The limit of the wait. Lines come out of a pipe within microseconds.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(20);

/// How often the loop yields to the readers before it sleeps.
const YIELDS: usize = 32;

/// The pause between two checks of the pipes. Only its reader is notified when a pipe is empty.
const POLL_INTERVAL: Duration = Duration::from_millis(1);

impl Environment {
    /// Lets the lines that were written so far come before the next platform line. The limit is for
    /// a function that never stops writing.
    pub(super) async fn drain_output(&self) {
        let drained = async {
            // An awake reader only needs to be scheduled.
            for _ in 0..YIELDS {
                if self.is_output_drained() {
                    return;
                }
                yield_now().await;
            }
            while !self.is_output_drained() {
                sleep(POLL_INTERVAL).await;
            }
        };
        let _timed_out = timeout(DRAIN_TIMEOUT, drained).await;
    }

    fn is_output_drained(&self) -> bool {
        self.output_drains.iter().all(OutputDrain::is_drained)
    }
}
