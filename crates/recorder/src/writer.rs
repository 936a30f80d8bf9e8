//! A process that writes records: the function's side of the ring.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::doorbell::Ringer;
use crate::exit_hook;
use crate::file::{OpenError, RingFile};
use crate::layout::{self, Kind, Sink, WriterId};
use crate::ring::{Dropped, Head, PENDING, Ring};

/// Writes records, from any number of threads at once. Dropping it, or dying, tells the reader that this writer is gone.
pub struct Writer {
    ring: Arc<Ring>,
    file: RingFile,
    id: WriterId,
    ringer: Ringer,
}

impl Writer {
    /// Attaches to the ring at `path`, or makes one of `bytes` (rounded up to a power of two; an existing ring keeps its size).
    ///
    /// # Errors
    /// Whatever stands in the way; the caller runs on without a recorder and says so once.
    pub fn open(path: &Path, bytes: u64) -> Result<Self, OpenError> {
        let (file, ring) = RingFile::open(path, bytes)?;
        let slot = (0..layout::SLOTS)
            .find(|&slot| file.lock_slot(slot))
            .ok_or_else(|| OpenError::NoWriterSlot { path: path.to_owned() })?;
        let generation = ring.generation(slot).fetch_add(1, Ordering::AcqRel).wrapping_add(1);
        // Not before the lock, and before any claim: the reader's rule for holes stands on this order (D2).
        ring.opened_at(slot).store(ring.tail().load(Ordering::Acquire), Ordering::Release);
        let id = WriterId::new(slot, generation);
        exit_hook::when_the_process_exits(&ring, id);
        Ok(Self { ring, file, id, ringer: Ringer::to(path) })
    }

    /// Writes one record, its payload being `parts` one after the other. No system call (save a doorbell when the ring becomes half
    /// full), no allocation, no wait.
    ///
    /// # Errors
    /// When the record was dropped; it has been counted.
    pub fn write(&self, kind: Kind, invocation: u32, parts: &[&[u8]]) -> Result<(), Dropped> {
        let written = self.ring.write(&head(kind, self.id, invocation), parts)?;
        if written.half_full {
            self.wake_reader();
        }
        Ok(())
    }

    /// Tells the reader that there is something worth reading, unless it was told and has not listened yet. One datagram that
    /// waits for nobody; it may be lost.
    pub fn wake_reader(&self) {
        if self.ring.bell().swap(1, Ordering::AcqRel) == 0 {
            self.ringer.ring();
        }
    }

    /// Whether a reader holds the ring now. A function without a layer says so once.
    pub fn reader_attached(&self) -> bool {
        self.file.reader_lives()
    }

    /// This writer's id, as its records carry it.
    pub fn id(&self) -> WriterId {
        self.id
    }
}

pub(crate) fn head(kind: Kind, writer: WriterId, invocation: u32) -> Head {
    let room = kind.room();
    Head { kind, writer, invocation, origin: None, labels: [PENDING; Sink::COUNT], room }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("path", &self.file.path).field("id", &self.id).finish_non_exhaustive()
    }
}
