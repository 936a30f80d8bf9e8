//! A process that writes records.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::doorbell::WakeUpSender;
use crate::exit_hook;
use crate::file::RingFile;
use crate::kind::Kind;
use crate::layout;
use crate::open_error::OpenError;
use crate::ring::{Dropped, Head, Ring};
use crate::writer_id::WriterId;

/// Writes records, from any number of threads at once. When it is dropped, or its process dies, the
/// reader sees that this writer is gone.
pub struct Writer {
    ring: Arc<Ring>,
    file: RingFile,
    id: WriterId,
    wake_up: WakeUpSender,
}

impl Writer {
    /// Attaches to the ring at `path`, or creates one of `bytes`, rounded up to a power of two and
    /// at least [`MIN_BYTES`](crate::MIN_BYTES). An existing ring keeps its size.
    ///
    /// # Errors
    /// [`OpenError`] if the ring cannot be used. The caller should log it once and run on without a
    /// recorder.
    pub fn open(path: &Path, bytes: u64) -> Result<Self, OpenError> {
        let (file, ring) = RingFile::open(path, bytes)?;
        let slot = (0..layout::SLOTS)
            .find(|&slot| file.lock_slot(slot))
            .ok_or_else(|| OpenError::NoWriterSlot { path: path.to_owned() })?;
        let generation = ring.generation(slot).fetch_add(1, Ordering::AcqRel).wrapping_add(1);
        // After the lock and before any claim: the rule for holes depends on this order (README,
        // "Reading").
        ring.opened_at(slot).store(ring.tail_position(), Ordering::Release);
        let id = WriterId::new(slot, generation);
        exit_hook::install(&ring, id);
        Ok(Self { ring, file, id, wake_up: WakeUpSender::new(path) })
    }

    /// Writes one record whose payload is `parts`, one after the other.
    ///
    /// This takes no lock, makes no allocation and never waits. It makes no system call, except for
    /// a wake-up if the record made the ring half full.
    ///
    /// # Errors
    /// [`Dropped`] if the record does not fit. The header of the ring has counted it.
    pub fn write(&self, kind: Kind, invocation: u32, parts: &[&[u8]]) -> Result<(), Dropped> {
        let written = self.ring.write(&Head::new(kind, self.id, invocation, kind.priority()), parts)?;
        if written.half_full {
            self.wake_reader();
        }
        Ok(())
    }

    /// Sends a wake-up to the reader, unless it has not cleared the last one yet. The datagram
    /// never blocks and may be lost.
    pub fn wake_reader(&self) {
        if self.ring.wake_up().swap(1, Ordering::AcqRel) == 0 {
            self.wake_up.send();
        }
    }

    /// Whether a reader has the ring open at this moment.
    #[must_use]
    pub fn reader_attached(&self) -> bool {
        self.file.is_reader_alive()
    }

    /// Returns the id that this writer's records have.
    #[must_use]
    pub fn id(&self) -> WriterId {
        self.id
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("path", &self.file.path).field("id", &self.id).finish_non_exhaustive()
    }
}
