//! The one process that reads a ring.

mod batches;
mod counters;
mod liveness;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use crate::file::RingFile;
use crate::kind::{Kind, Priority};
use crate::layout::{self, Word};
use crate::open_error::OpenError;
use crate::ring::{Dropped, Found, Head, ReadSide, Record, Ring, Scan};
use crate::sink::{self, SKIPPED, Sink};
use crate::sink_reset::SinkReset;
use crate::writer_id::WriterId;

/// Reads records, assigns them to batches of each sink, and frees them when every sink is done with
/// them.
pub struct Reader {
    side: ReadSide,
    scan: Scan,
    file: RingFile,
    sinks: usize,
    reset: SinkReset,
}

impl Reader {
    /// Opens the ring at `path`, or creates one of `bytes`, rounded up to a power of two and at
    /// least [`MIN_BYTES`](crate::MIN_BYTES). An existing ring keeps its size.
    ///
    /// A file of another version, or a damaged one, is renamed to `PATH.aside` and replaced: the
    /// reader starts first, so the writers will open the new file.
    ///
    /// # Errors
    /// [`OpenError::ReaderBusy`] while another process reads this ring, and the other variants of
    /// [`OpenError`].
    pub fn open(path: &Path, bytes: u64) -> Result<Self, OpenError> {
        let (file, ring) = match RingFile::open(path, bytes) {
            Err(OpenError::OtherVersion { .. } | OpenError::Damaged { .. }) => {
                set_aside(path)?;
                RingFile::open(path, bytes)?
            }
            opened => opened?,
        };
        let side = file.lock_reader(ring).ok_or_else(|| OpenError::ReaderBusy { path: path.to_owned() })?;
        let scan = Scan::new(&side);
        Ok(Self { side, scan, file, sinks: Sink::COUNT, reset: SinkReset::default() })
    }

    /// Uses only the sinks with these names, numbered in this order. A record is resolved when each
    /// of them is done with it. Without names, a reader uses all seven sinks with the batch numbers
    /// that it finds.
    ///
    /// The file header has the name of each sink. If it has another name for a number, the batch
    /// numbers of that sink belong to another destination, so every record becomes
    /// [`PENDING`](crate::PENDING) for it: records that the new destination already had may be sent
    /// again, but none is lost. Call this before the first [`read`](Self::read); reading starts at
    /// the read cursor.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("recorder");
    /// use crudder_recorder::{DEFAULT_BYTES, Kind, Reader, SKIPPED, Sink, Writer};
    ///
    /// const HONEYCOMB: Sink = Sink::new(0);
    /// const ROLLBAR: Sink = Sink::new(1);
    ///
    /// let mut reader = Reader::open(&path, DEFAULT_BYTES)?.with_sinks(&["honeycomb", "rollbar"])?;
    /// Writer::open(&path, DEFAULT_BYTES)?.write(Kind::SpanEnded, 1, &[b"span"])?;
    /// let position = reader.read().expect("one record").position;
    ///
    /// // Honeycomb gets the span in batch 2, Rollbar does not need it.
    /// reader.set_batch(position, ROLLBAR, SKIPPED);
    /// reader.set_batch(position, HONEYCOMB, 2);
    /// reader.set_attempted(HONEYCOMB, 2);
    /// // Here the batch is sent.
    /// reader.set_acknowledged(HONEYCOMB, 2);
    /// reader.free_resolved();
    /// assert_eq!(reader.stats().used_bytes, 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`OpenError::InvalidSinks`] if there are more than seven names, or if a name is empty,
    /// longer than 16 bytes, has a zero byte, or occurs twice.
    pub fn with_sinks(mut self, names: &[&str]) -> Result<Self, OpenError> {
        let names = sink::names(names).ok_or_else(|| OpenError::InvalidSinks { path: self.file.path.clone() })?;
        self.sinks = names.len();
        self.scan = Scan::new(&self.side);
        self.reset = SinkReset::begin(self.side.ring(), names);
        self.reset.finish(self.side.ring(), self.scan.seen);
        Ok(self)
    }

    /// Returns the next committed record, in the order of the claims; `None` until another one is
    /// committed. After a restart, reading starts at the first record that is not freed.
    pub fn read(&mut self) -> Option<Record<'_>> {
        let next = self.scan.step(&mut self.side, &self.file);
        if let Some(position) = next {
            self.reset.reset_record(&self.side, position);
        }
        self.reset.finish(self.side.ring(), self.scan.seen);
        // The scan has tested the checksum.
        self.side.peek_record(next?)
    }

    /// Returns the record at `position`, if [`read`](Self::read) has returned it and it is not
    /// freed.
    #[must_use]
    pub fn record(&self, position: u64) -> Option<Record<'_>> {
        if !self.holds(position) {
            return None;
        }
        match self.side.inspect(position) {
            Found::Record(record) => Some(record),
            _ => None,
        }
    }

    /// Returns the same as [`record`](Self::record) without testing the checksum again.
    #[must_use]
    pub fn peek(&self, position: u64) -> Option<Record<'_>> {
        if self.holds(position) { self.side.peek_record(position) } else { None }
    }

    fn holds(&self, position: u64) -> bool {
        (self.ring().read().load(Ordering::Relaxed)..self.scan.seen).contains(&position)
    }

    /// Frees everything before `position`, which is the [`end`](Record::end) of a record that was
    /// read.
    pub fn free_until(&mut self, position: u64) {
        let read = self.ring().read().load(Ordering::Relaxed);
        if (read..=self.scan.seen).contains(&position) {
            self.side.free_to(position);
        }
    }

    /// Frees the longest prefix of records that are resolved for every sink. Returns the position
    /// of the first record that is not.
    pub fn free_resolved(&mut self) -> u64 {
        let mut at = self.ring().read().load(Ordering::Relaxed);
        while at < self.scan.seen {
            at += match self.side.peek(at) {
                Word::Pad { length } => length,
                Word::Record { length } if self.is_resolved(at) => length,
                _ => break,
            };
        }
        self.side.free_to(at);
        at
    }

    fn is_resolved(&self, position: u64) -> bool {
        Sink::ALL.into_iter().take(self.sinks).all(|sink| self.is_resolved_for(position, sink))
    }

    /// Writes a record of the reader itself, such as a death. It may use all capacity reserves.
    /// [`read`](Self::read) returns it like any other record.
    ///
    /// # Errors
    /// [`Dropped`] if the record is too large or the ring is full to the last byte.
    pub fn append(&mut self, kind: Kind, writer: WriterId, invocation: u32, parts: &[&[u8]]) -> Result<u64, Dropped> {
        let head = Head::new(kind, writer, invocation, Priority::Reader);
        self.ring().write(&head, parts).map(|written| written.position)
    }

    /// Relocates a record: copies it to the tail, with its origin and its batch numbers, and skips
    /// the original. Returns the position of the copy; `None` if there is no such record.
    ///
    /// # Errors
    /// [`Dropped::Full`] if there is no space; then the original stays as it is.
    pub fn relocate(&mut self, position: u64) -> Result<Option<u64>, Dropped> {
        let Some(record) = self.record(position) else { return Ok(None) };
        let head = Head {
            origin: Some(record.origin),
            batches: Sink::ALL.map(|sink| self.batch(position, sink)),
            ..Head::new(record.kind, record.writer, record.invocation, Priority::Reader)
        };
        let copy = self.ring().write(&head, &[record.payload])?.position;
        for sink in Sink::ALL {
            self.set_batch(position, sink, SKIPPED);
        }
        Ok(Some(copy))
    }

    /// Whether the process of this writer is still alive. The id of a dead process is not used
    /// again.
    #[must_use]
    pub fn is_alive(&self, writer: WriterId) -> bool {
        let slot = writer.slot();
        slot < layout::SLOTS
            && self.ring().generation(slot).load(Ordering::Acquire) & 0x00FF_FFFF == writer.generation()
            && self.file.is_slot_alive(slot)
    }

    /// Clears the wake-up, so that writers send the next one. Call it before reading: a record that
    /// is written in between then causes another wake-up.
    pub fn clear_wake_up(&mut self) {
        self.ring().wake_up().store(0, Ordering::Release);
    }

    fn ring(&self) -> &Ring {
        self.side.ring()
    }
}

fn set_aside(path: &Path) -> Result<(), OpenError> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".aside");
    std::fs::rename(path, PathBuf::from(aside)).map_err(|source| OpenError::Unusable { path: path.to_owned(), source })
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("path", &self.file.path).field("seen", &self.scan.seen).finish_non_exhaustive()
    }
}
