//! Records that a process exits on its own: through `exit`, on whichever thread, or at the end of
//! `main`.
//!
//! A signal, an abort or a lack of memory runs no exit hook, so the absence of the record tells the
//! reader that the process crashed.

use std::sync::{Arc, Mutex, Once, TryLockError, Weak};

use crate::kind::Kind;
use crate::ring::{Head, Ring};
use crate::writer_id::WriterId;

/// The rings that this process writes to. Outside of tests this is one.
static WRITERS: Mutex<Vec<(Weak<Ring>, WriterId)>> = Mutex::new(Vec::new());

/// Makes this process write a `ProcessExited` record to `ring` when it exits, if the ring is still
/// open then.
pub(crate) fn install(ring: &Arc<Ring>, id: WriterId) {
    static INSTALLED: Once = Once::new();
    // SAFETY: `record_exits` is a function of this program, takes nothing, and never unwinds: it
    // neither indexes nor unwraps.
    INSTALLED.call_once(|| unsafe {
        // If the C library has no memory for another hook, an exit looks like a crash.
        let _ = libc::atexit(record_exits);
    });
    let mut writers = WRITERS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    writers.retain(|(ring, _)| ring.strong_count() > 0);
    writers.push((Arc::downgrade(ring), id));
}

/// Runs on the thread that called `exit`, while other threads still run.
extern "C" fn record_exits() {
    let writers = match WRITERS.try_lock() {
        Ok(writers) => writers,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        // Another thread is attaching to a ring. Waiting for it could take forever.
        Err(TryLockError::WouldBlock) => return,
    };
    for (ring, id) in writers.iter() {
        if let Some(ring) = ring.upgrade() {
            // If the ring is full, the exit looks like a crash.
            let kind = Kind::ProcessExited;
            let _ = ring.write(&Head::new(kind, *id, 0, kind.priority()), &[]);
        }
    }
}
