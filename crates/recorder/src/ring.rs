//! The ring's protocol over its memory: claim, write, commit on one side; look, label, free on the other.
//!
//! Who may touch which bytes: those of a claim belong to its writer until the commit word stands; committed ones are read by the
//! reader and written by nobody, save the labels and the commit word, which are atomics; freed ones are zero and nobody's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::layout::{self, Kind, Sink, Word, WriterId};
use crate::region::Region;

/// A label that says nothing was decided yet.
pub const PENDING: u32 = 0;
/// A label that says this sink gets nothing of the record.
pub const SKIPPED: u32 = 1;

/// Why a record was not written. It is counted in the header; the caller goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Dropped {
    /// The reader has not made room.
    #[error("the recorder is full")]
    Full,
    /// More than an eighth of the ring.
    #[error("the record is too large for the recorder")]
    TooLarge,
}

/// A committed record, borrowed from the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Where it lies; unique for the life of the ring file.
    pub position: u64,
    /// Where what follows it lies.
    pub end: u64,
    /// Where it was first written: `position`, unless the layer carried it (D3).
    pub origin: u64,
    /// What it tells.
    pub kind: Kind,
    /// Whose record it is; for a verdict, whose death.
    pub writer: WriterId,
    /// Which invocation of that writer, counted from 1; 0 for what belongs to none.
    pub invocation: u32,
    /// As the writer gave it.
    pub payload: &'a [u8],
}

pub(crate) struct Head {
    pub(crate) kind: Kind,
    pub(crate) writer: WriterId,
    pub(crate) invocation: u32,
    pub(crate) origin: Option<u64>,
    pub(crate) labels: [u32; Sink::COUNT],
    pub(crate) room: layout::Room,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) position: u64,
    /// This record made the ring half full.
    pub(crate) half_full: bool,
}

pub(crate) struct Ring {
    region: Region,
    bytes: u64,
}

impl Ring {
    /// `region` holds a header page and `bytes` of ring, a power of two.
    pub(crate) fn over(region: Region, bytes: u64) -> Self {
        debug_assert!(bytes.is_power_of_two());
        Self { region, bytes }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    #[inline]
    pub(crate) fn tail(&self) -> &AtomicU64 {
        self.region.atomic64(layout::AT_TAIL)
    }

    #[inline]
    pub(crate) fn free(&self) -> &AtomicU64 {
        self.region.atomic64(layout::AT_FREE)
    }

    pub(crate) fn read(&self) -> &AtomicU64 {
        self.region.atomic64(layout::AT_READ)
    }

    pub(crate) fn bell(&self) -> &AtomicU32 {
        self.region.atomic32(layout::AT_DOORBELL)
    }

    pub(crate) fn acknowledged(&self, sink: Sink) -> &AtomicU64 {
        self.region.atomic64(layout::AT_SINKS + sink.index() * 16)
    }

    pub(crate) fn attempted(&self, sink: Sink) -> &AtomicU64 {
        self.region.atomic64(layout::AT_SINKS + sink.index() * 16 + 8)
    }

    pub(crate) fn counter(&self, index: usize) -> &AtomicU64 {
        self.region.atomic64(layout::AT_COUNTERS + index * 8)
    }

    pub(crate) fn reported(&self, index: usize) -> &AtomicU64 {
        self.region.atomic64(layout::AT_REPORTED + index * 8)
    }

    pub(crate) fn opened_at(&self, slot: u32) -> &AtomicU64 {
        self.region.atomic64(layout::AT_SLOTS + slot as usize * layout::SLOT_BYTES)
    }

    pub(crate) fn generation(&self, slot: u32) -> &AtomicU32 {
        self.region.atomic32(layout::AT_SLOTS + slot as usize * layout::SLOT_BYTES + 8)
    }

    #[inline]
    fn offset(&self, position: u64) -> usize {
        layout::HEADER_BYTES + (position & (self.bytes - 1)) as usize
    }

    #[inline]
    fn word(&self, position: u64) -> &AtomicU64 {
        self.region.atomic64(self.offset(position))
    }

    /// Writes one record: claim, copy, checksum, commit.
    #[inline]
    pub(crate) fn write(&self, head: &Head, parts: &[&[u8]]) -> Result<Written, Dropped> {
        let payload: usize = parts.iter().map(|part| part.len()).sum();
        let length = layout::align((layout::RECORD_HEADER + payload) as u64);
        let claimed = self.claim(length, head.room).inspect_err(|why| self.count_dropped(head.kind, *why))?;
        self.fill(claimed.position, head, payload, parts);
        let word = layout::record_word(claimed.position, length as u32);
        // Release: whoever sees this word sees every byte that it vouches for.
        self.word(claimed.position).store(word, Ordering::Release);
        Ok(claimed)
    }

    fn count_dropped(&self, kind: Kind, why: Dropped) {
        self.counter(kind as usize - 1).fetch_add(1, Ordering::Relaxed);
        if why == Dropped::TooLarge {
            self.counter(layout::Counter::TooLarge as usize).fetch_add(1, Ordering::Relaxed);
        }
    }

    #[inline]
    pub(crate) fn claim(&self, length: u64, room: layout::Room) -> Result<Written, Dropped> {
        if length > self.bytes / layout::LARGEST_PART {
            return Err(Dropped::TooLarge);
        }
        let kept_free = room.leaves_free(self.bytes);
        let mut tail = self.tail().load(Ordering::Relaxed);
        loop {
            let to_end = self.bytes - (tail & (self.bytes - 1));
            let pad = if to_end < length { to_end } else { 0 };
            let next = tail + pad + length;
            // Acquire: the zeroing of what is claimed happened before the reader freed it.
            let free = self.free().load(Ordering::Acquire);
            // A tail that is already stale may lie before `free`; the exchange below then fails.
            if next.saturating_sub(free) > self.bytes - kept_free {
                return Err(Dropped::Full);
            }
            if let Err(now) = self.tail().compare_exchange_weak(tail, next, Ordering::AcqRel, Ordering::Relaxed) {
                tail = now;
                continue;
            }
            if pad > 0 {
                self.word(tail).store(layout::pad_word(tail, pad as u32), Ordering::Release);
            }
            let half = self.bytes / 2;
            let half_full = tail.saturating_sub(free) < half && next.saturating_sub(free) >= half;
            return Ok(Written { position: tail + pad, half_full });
        }
    }

    #[inline]
    fn fill(&self, position: u64, head: &Head, payload: usize, parts: &[&[u8]]) {
        let start = self.offset(position);
        let mut summed = [0_u8; layout::RECORD_HEADER - layout::IN_SUMMED];
        summed[0..4].copy_from_slice(&(head.kind as u32).to_ne_bytes());
        summed[4..8].copy_from_slice(&head.writer.0.to_ne_bytes());
        summed[8..12].copy_from_slice(&head.invocation.to_ne_bytes());
        summed[12..16].copy_from_slice(&(payload as u32).to_ne_bytes());
        summed[16..24].copy_from_slice(&head.origin.unwrap_or(position).to_ne_bytes());
        // SAFETY: these bytes were claimed by this call and are not committed: nobody else touches them.
        unsafe { self.region.copy_in(start + layout::IN_SUMMED, &summed) };
        let mut at = start + layout::RECORD_HEADER;
        for part in parts {
            // SAFETY: as above; the claim is as long as all parts.
            unsafe { self.region.copy_in(at, part) };
            at += part.len();
        }
        // Freed bytes are zero, which is `PENDING`: only a carried record has labels to write.
        if head.labels != [PENDING; Sink::COUNT] {
            for (sink, label) in Sink::ALL.into_iter().zip(head.labels) {
                self.label(position, sink).store(label, Ordering::Relaxed);
            }
        }
        // SAFETY: as above, and the slice is gone at the end of the statement.
        let sum = crc32fast::hash(unsafe { self.region.bytes(start + layout::IN_SUMMED, summed.len() + payload) });
        self.region.atomic32(start + layout::IN_CRC).store(sum, Ordering::Relaxed);
    }

    /// A ring on plain memory, with no file and no locks: what miri can run.
    #[cfg(test)]
    pub(crate) fn on_heap(bytes: u64) -> Arc<Self> {
        Arc::new(Self::over(Region::heap(layout::HEADER_BYTES + bytes as usize), bytes))
    }

    /// Flips a bit of the record at `position`, as a stray pointer of the function might.
    #[cfg(test)]
    pub(crate) fn scribble(&self, position: u64, byte: usize) {
        let word = self.region.atomic32(self.offset(position) + byte);
        word.store(word.load(Ordering::Relaxed) ^ 1, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn label(&self, position: u64, sink: Sink) -> &AtomicU32 {
        self.region.atomic32(self.offset(position) + layout::IN_LABELS + sink.index() * 4)
    }
}

/// What lies at a position, looked at closely.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    Nothing,
    Pad { length: u64 },
    Record(Record<'a>),
    Damaged { length: u64 },
}

/// The reader's side of a ring: it alone looks at payloads and frees them. Freeing needs `&mut`, so no record outlives its bytes.
pub(crate) struct ReadSide {
    ring: Arc<Ring>,
}

impl ReadSide {
    /// # Safety
    /// There is no other `ReadSide` of this ring's memory, in this process or another, while this one lives.
    pub(crate) unsafe fn new(ring: Arc<Ring>) -> Self {
        let side = Self { ring };
        side.zero_what_was_read();
        side
    }

    pub(crate) fn ring(&self) -> &Ring {
        &self.ring
    }

    /// What the commit word at `position` says, if it can be true.
    pub(crate) fn peek(&self, position: u64) -> Word {
        let ring = &self.ring;
        let value = ring.word(position).load(Ordering::Acquire);
        let to_end = ring.bytes - (position & (ring.bytes - 1));
        match layout::read_word(position, value) {
            Word::Record { length } if length < layout::RECORD_HEADER as u64 => Word::Foreign,
            Word::Record { length } | Word::Pad { length }
                if length == 0 || !length.is_multiple_of(layout::ALIGN) || length > to_end =>
            {
                Word::Foreign
            }
            word => word,
        }
    }

    /// What lies at `position`, its checksum tested.
    pub(crate) fn inspect(&self, position: u64) -> Found<'_> {
        match self.peek(position) {
            Word::Empty | Word::Foreign => Found::Nothing,
            Word::Pad { length } => Found::Pad { length },
            Word::Record { length } => {
                self.decode(position, length, true).map_or(Found::Damaged { length }, Found::Record)
            }
        }
    }

    /// Returns the record at `position` without testing its checksum: for a record that was tested before.
    pub(crate) fn peek_record(&self, position: u64) -> Option<Record<'_>> {
        match self.peek(position) {
            Word::Record { length } => self.decode(position, length, false),
            _ => None,
        }
    }

    fn decode(&self, position: u64, length: u64, tests_checksum: bool) -> Option<Record<'_>> {
        let ring = &self.ring;
        let start = ring.offset(position);
        let sum = ring.region.atomic32(start + layout::IN_CRC).load(Ordering::Relaxed);
        // SAFETY: the commit word was seen with Acquire, so the writer is done with these bytes; only `free_to` writes them
        // again, which needs this side as `&mut`. `peek` found the length to stay inside the ring.
        let bytes = unsafe { ring.region.bytes(start + layout::IN_SUMMED, length as usize - layout::IN_SUMMED) };
        let word = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes);
        let header = layout::RECORD_HEADER - layout::IN_SUMMED;
        let end = header.checked_add(word(12)? as usize)?;
        let summed = bytes.get(..end)?;
        if tests_checksum && crc32fast::hash(summed) != sum {
            return None;
        }
        Some(Record {
            position,
            end: position + length,
            origin: summed.get(16..24)?.try_into().ok().map(u64::from_ne_bytes)?,
            kind: Kind::from_number(word(0)?)?,
            writer: WriterId(word(4)?),
            invocation: word(8)?,
            payload: summed.get(header..)?,
        })
    }

    /// Puts pads over `from..to`, so that no later life stumbles there. Only for what no living writer may claim or hold.
    pub(crate) fn fill_pad(&mut self, from: u64, to: u64) {
        let mut at = from;
        while at < to {
            let to_end = self.ring.bytes - (at & (self.ring.bytes - 1));
            let length = to_end.min(to - at);
            self.ring.word(at).store(layout::pad_word(at, length as u32), Ordering::Release);
            at += length;
        }
    }

    /// Moves the read cursor to `position` and gives the bytes before it back to the writers, in the order of D1.
    pub(crate) fn free_to(&mut self, position: u64) {
        let ring = &self.ring;
        debug_assert!(
            position >= ring.read().load(Ordering::Relaxed) && position <= ring.tail().load(Ordering::Relaxed)
        );
        ring.read().store(position, Ordering::Release);
        self.zero_what_was_read();
    }

    fn zero_what_was_read(&self) {
        let ring = &self.ring;
        let read = ring.read().load(Ordering::Relaxed);
        let mut at = ring.free().load(Ordering::Relaxed);
        while at < read {
            let to_end = ring.bytes - (at & (ring.bytes - 1));
            let length = to_end.min(read - at);
            // SAFETY: between `free` and `read` nothing is claimed, and every record is one that this side gave up: its only
            // callers are `new`, before any record was lent, and `free_to`, which holds this side as `&mut`.
            unsafe { ring.region.zero(ring.offset(at), length as usize) };
            at += length;
        }
        ring.free().store(read, Ordering::Release);
    }
}
