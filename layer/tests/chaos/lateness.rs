//! How late the machine itself is: what a little work took longer than it can, because others had the processor.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// The layer's own: it steps back behind the function, so it waits longer than others do.
const NICENESS: i32 = 10;
/// A twentieth of a processor is spent on looking.
const TICK: Duration = Duration::from_millis(20);
/// About a millisecond of work in a debug build: about what the layer does for a request.
const WORK: u64 = 40_000;

/// Watches until it is dropped.
pub(crate) struct Lateness {
    worst_us: Arc<AtomicU64>,
    /// Its end is what the watch hears.
    _watch: Sender<()>,
}

impl Lateness {
    pub(crate) fn watch() -> Self {
        let worst_us = Arc::new(AtomicU64::new(0));
        let noted = Arc::clone(&worst_us);
        let (watch, ended) = channel::<()>();
        std::thread::spawn(move || {
            // Of this thread alone, on Linux.
            rustix::process::nice(NICENESS).expect("everybody may step back");
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

    /// The worst so far, twice: an environment is held for one wait of the layer's to send, and one to hear the answer.
    pub(crate) fn allowance(&self) -> Duration {
        2 * Duration::from_micros(self.worst_us.load(Ordering::Relaxed))
    }
}
