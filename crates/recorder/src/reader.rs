//! The one process that reads a ring: the layer's side, with the labels and cursors that a next life goes on from.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use crate::file::{OpenError, RingFile};
use crate::layout::{self, Counter, Kind, Room, Sink, Word, WriterId};
use crate::ring::{Dropped, Found, Head, PENDING, ReadSide, Record, Ring, SKIPPED};
use crate::scan::{Liveness, Scan};

/// Reads records, labels them with what was decided, and frees them once that is done.
pub struct Reader {
    side: ReadSide,
    scan: Scan,
    file: RingFile,
    sinks: usize,
}

/// What the ring's header counts, from the file's first use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Bytes between what is free and what is claimed.
    pub used_bytes: u64,
    /// The ring's size.
    pub ring_bytes: u64,
    counters: [u64; layout::COUNTERS],
}

impl Stats {
    /// Records of this kind that were dropped, for want of room or as too large.
    pub fn dropped(&self, kind: Kind) -> u64 {
        self.counters[kind as usize - 1]
    }

    /// Records that were dropped, of all kinds.
    pub fn dropped_total(&self) -> u64 {
        self.counters[..Kind::COUNT].iter().sum()
    }

    /// One of the other counters.
    pub fn counter(&self, counter: Counter) -> u64 {
        self.counters[counter as usize]
    }

    /// Whether an orderly part of the ring is full, and its reader should make room.
    pub fn is_half_full(&self) -> bool {
        self.used_bytes >= self.ring_bytes / 2
    }

    /// What was counted since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let mut counters = self.counters;
        for (now, then) in counters.iter_mut().zip(before.counters) {
            *now = now.saturating_sub(then);
        }
        Self { counters, ..*self }
    }
}

impl Reader {
    /// Opens the ring at `path`, or makes one of `bytes`. A file that is of another version, or damaged, is set aside under the
    /// name `PATH.aside`: the reader comes first in an environment, so the writers will find the new one.
    ///
    /// # Errors
    /// As [`OpenError`] says; [`OpenError::ReaderBusy`] while another process reads this ring.
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
        Ok(Self { side, scan, file, sinks: Sink::COUNT })
    }

    /// Uses only the sinks of these names, numbered in this order: a record is resolved once each of them is done with it.
    ///
    /// # Errors
    /// When there are more names than sinks.
    pub fn with_sinks(mut self, names: &[&str]) -> Result<Self, OpenError> {
        if names.len() > Sink::COUNT {
            return Err(OpenError::InvalidSinks { path: self.file.path.clone() });
        }
        self.sinks = names.len();
        Ok(self)
    }

    /// The next committed record, in the order of claims; `None` until more is committed. After opening, this begins at the read
    /// cursor that the last life left, so what it did not finish comes again.
    pub fn read(&mut self) -> Option<Record<'_>> {
        let position = self.scan.step(&mut self.side, &self.file)?;
        // The scan has tested the checksum.
        self.side.peek_record(position)
    }

    /// The record at `position`, which [`read`](Self::read) has returned and which has not been freed.
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
    pub fn peek(&self, position: u64) -> Option<Record<'_>> {
        if self.holds(position) { self.side.peek_record(position) } else { None }
    }

    fn holds(&self, position: u64) -> bool {
        (self.ring().read().load(Ordering::Relaxed)..self.scan.seen).contains(&position)
    }

    /// Moves the read cursor: everything before `position`, an end of a record that was read, is done with and is freed.
    pub fn free_until(&mut self, position: u64) {
        let read = self.ring().read().load(Ordering::Relaxed);
        if (read..=self.scan.seen).contains(&position) {
            self.side.free_to(position);
        }
    }

    /// Frees the longest prefix of records that are resolved for every sink (D1). Returns the first position that is not.
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

    /// Whether nothing of this record is left to tell this sink.
    pub fn is_resolved_for(&self, position: u64, sink: Sink) -> bool {
        let label = self.batch(position, sink);
        label == SKIPPED || (label > SKIPPED && u64::from(label) <= self.acknowledged(sink))
    }

    /// What was decided about a record; about one that has been freed nothing is left to decide.
    pub fn batch(&self, position: u64, sink: Sink) -> u32 {
        if !self.holds(position) {
            return SKIPPED;
        }
        self.ring().label(position, sink).load(Ordering::Relaxed)
    }

    /// Notes what is decided about a record: a batch's number, [`SKIPPED`] or [`PENDING`](crate::PENDING).
    /// Nothing happens when the record has been freed.
    pub fn set_batch(&mut self, position: u64, sink: Sink, label: u32) {
        if !self.holds(position) {
            return;
        }
        self.ring().label(position, sink).store(label, Ordering::Relaxed);
    }

    /// The last batch that is done with for this sink.
    pub fn acknowledged(&self, sink: Sink) -> u64 {
        self.ring().acknowledged(sink).load(Ordering::Relaxed)
    }

    /// The last batch of which this sink may hold something.
    pub fn attempted(&self, sink: Sink) -> u64 {
        self.ring().attempted(sink).load(Ordering::Relaxed)
    }

    /// Notes that every record labelled up to `batch` is done with for this sink: the one store that resolves a batch.
    pub fn set_acknowledged(&mut self, sink: Sink, batch: u64) {
        self.ring().acknowledged(sink).store(batch, Ordering::Release);
    }

    /// Notes, before the first byte leaves, that `batch` may reach the sink; and afterwards, with `batch - 1`, that it did not.
    pub fn set_attempted(&mut self, sink: Sink, batch: u64) {
        self.ring().attempted(sink).store(batch, Ordering::Release);
    }

    /// Writes a record of the layer's own about an invocation: a verdict. It is read again like any other.
    ///
    /// # Errors
    /// When there is no room even in the headroom.
    pub fn append(&mut self, kind: Kind, writer: WriterId, invocation: u32, parts: &[&[u8]]) -> Result<u64, Dropped> {
        let head = Head { kind, writer, invocation, origin: None, labels: [PENDING; Sink::COUNT], room: Room::Last };
        self.ring().write(&head, parts).map(|written| written.position)
    }

    /// Copies a record that must stay to the tail, with its labels and origin, and declines the original (D3).
    ///
    /// # Errors
    /// When there is no room; the original stays as it is.
    pub fn relocate(&mut self, position: u64) -> Result<Option<u64>, Dropped> {
        let Some(record) = self.peek(position) else { return Ok(None) };
        let head = Head {
            kind: record.kind,
            writer: record.writer,
            invocation: record.invocation,
            origin: Some(record.origin),
            labels: Sink::ALL.map(|sink| self.batch(position, sink)),
            room: Room::Last,
        };
        let copy = self.ring().write(&head, &[record.payload])?.position;
        for sink in Sink::ALL {
            self.set_batch(position, sink, SKIPPED);
        }
        Ok(Some(copy))
    }

    /// Whether this writer's process still lives. A dead one never comes back under its id.
    pub fn is_alive(&self, writer: WriterId) -> bool {
        let slot = writer.slot();
        slot < layout::SLOTS
            && self.ring().generation(slot).load(Ordering::Acquire) & 0x00FF_FFFF == writer.generation()
            && self.file.slot_lives(slot)
    }

    /// Adds to one of the header's counters.
    pub fn count(&mut self, counter: Counter, amount: u64) {
        self.ring().counter(counter as usize).fetch_add(amount, Ordering::Relaxed);
    }

    /// Everything counted so far.
    pub fn stats(&self) -> Stats {
        self.counted(|ring, index| ring.counter(index).load(Ordering::Relaxed))
    }

    /// What [`set_reported`](Self::set_reported) last noted, in this life or an earlier one.
    pub fn reported(&self) -> Stats {
        self.counted(|ring, index| ring.reported(index).load(Ordering::Relaxed))
    }

    /// Notes that a sink has taken a batch that told these counts.
    pub fn set_reported(&mut self, stats: &Stats) {
        for (index, value) in stats.counters.iter().enumerate() {
            self.ring().reported(index).store(*value, Ordering::Relaxed);
        }
    }

    fn counted(&self, value: impl Fn(&Ring, usize) -> u64) -> Stats {
        let ring = self.ring();
        let used = ring.tail().load(Ordering::Acquire).saturating_sub(ring.free().load(Ordering::Acquire));
        let counters = std::array::from_fn(|index| value(ring, index));
        Stats { used_bytes: used, ring_bytes: ring.bytes(), counters }
    }

    /// Notes that the bell was heard: the writers may ring again. Call it before reading, so that no ring falls between.
    pub fn clear_wake_up(&mut self) {
        self.ring().bell().store(0, Ordering::Release);
    }

    fn ring(&self) -> &Ring {
        self.side.ring()
    }
}

impl Liveness for RingFile {
    fn dead_until(&self, ring: &Ring, position: u64) -> Option<u64> {
        // First the tail, then the locks: whoever attaches after its slot was tested claims behind this tail.
        let mut bound = ring.tail().load(Ordering::SeqCst);
        for slot in (0..layout::SLOTS).filter(|&slot| self.slot_lives(slot)) {
            match ring.opened_at(slot).load(Ordering::Acquire) {
                opened_at if opened_at <= position => return None,
                opened_at => bound = bound.min(opened_at),
            }
        }
        Some(bound)
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
