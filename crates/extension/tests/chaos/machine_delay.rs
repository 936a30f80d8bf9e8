//! Measures the delay of the machine itself: how much longer a small piece of work took because
//! other processes had the processor.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// The extension's own niceness: it lets the function have the processor, so it waits longer than
/// others.
const NICENESS: i32 = 10;
/// The measurement takes a twentieth of a processor.
const TICK: Duration = Duration::from_millis(20);
/// About a millisecond of work in a debug build: about what the extension does per request.
const WORK: u64 = 40_000;

/// Measures until it is dropped.
pub(crate) struct MachineDelay {
    worst_us: Arc<AtomicU64>,
    /// Dropping it ends the thread.
    _watch: Sender<()>,
}

impl MachineDelay {
    pub(crate) fn watch() -> Self {
        let worst_us = Arc::new(AtomicU64::new(0));
        let noted = Arc::clone(&worst_us);
        let (watch, ended) = channel::<()>();
        std::thread::spawn(move || {
            // On Linux this concerns only this thread.
            rustix::process::nice(NICENESS).expect("every process may lower its priority");
            let mut least = Duration::MAX;
            loop {
                let before = Instant::now();
                if ended.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
                std::hint::black_box((0..WORK).fold(1_u64, |sum, number| std::hint::black_box(sum ^ number)));
                let took = before.elapsed();
                least = least.min(took);
                noted.fetch_max((took - least).as_micros() as u64, Ordering::Relaxed);
            }
        });
        Self { worst_us, _watch: watch }
    }

    /// Returns twice the worst delay so far: an environment is held while the extension waits to
    /// send, and while it waits to receive the response.
    pub(crate) fn allowance(&self) -> Duration {
        2 * Duration::from_micros(self.worst_us.load(Ordering::Relaxed))
    }
}
