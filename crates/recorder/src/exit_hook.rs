//! A process's last word: that it ends by itself, through `exit` on whichever thread or at the end of `main`. A kill, an abort,
//! running out of memory leave none, and that is how the reader tells them apart.

use std::sync::{Arc, Mutex, Once, TryLockError, Weak};

use crate::layout::{Kind, WriterId};
use crate::ring::Ring;
use crate::writer::head;

/// The rings that this process writes to: one, but for tests.
static WRITERS: Mutex<Vec<(Weak<Ring>, WriterId)>> = Mutex::new(Vec::new());

/// Notes whose ring is told when the process exits, should it still be open then.
pub(crate) fn when_the_process_exits(ring: &Arc<Ring>, id: WriterId) {
    static ASKED: Once = Once::new();
    // SAFETY: `say` is a function of this program, takes nothing, and never unwinds: it neither indexes nor unwraps.
    ASKED.call_once(|| unsafe {
        // When the system has no room for another one, an exit looks like a crash.
        let _ = libc::atexit(say);
    });
    let mut writers = WRITERS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    writers.retain(|(ring, _)| ring.strong_count() > 0);
    writers.push((Arc::downgrade(ring), id));
}

/// Runs on the thread that called `exit`, while others still run.
extern "C" fn say() {
    let writers = match WRITERS.try_lock() {
        Ok(writers) => writers,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        // Another thread attaches to a ring at this very moment: waiting for it could wait for ever.
        Err(TryLockError::WouldBlock) => return,
    };
    for (ring, id) in writers.iter() {
        if let Some(ring) = ring.upgrade() {
            // A full ring costs the difference between a crash and an exit, no more.
            let _ = ring.write(&head(Kind::ProcessExited, *id, 0), &[]);
        }
    }
}
