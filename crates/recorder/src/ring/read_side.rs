//! The reader's side of the ring: checks records, fills holes with pads, and frees space.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Record, Ring};
use crate::kind::Kind;
use crate::layout::{self, Word};
use crate::sink::Sink;
use crate::writer_id::WriterId;

/// What is at a position, with the checksum tested.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    Nothing,
    Pad { length: u64 },
    Record(Record<'a>),
    Damaged { length: u64 },
}

/// The reader's side of a ring: only it reads payloads and frees space. Freeing takes `&mut self`,
/// so no borrowed record outlives its bytes.
pub(crate) struct ReadSide {
    ring: Arc<Ring>,
}

impl ReadSide {
    /// # Safety
    /// There is no other `ReadSide` of this ring's memory, in this process or another, while this
    /// one lives.
    pub(crate) unsafe fn new(ring: Arc<Ring>) -> Self {
        let side = Self { ring };
        side.zero_what_was_read();
        side
    }

    pub(crate) fn ring(&self) -> &Ring {
        &self.ring
    }

    /// Reads the commit word at `position` and checks the length in it.
    pub(crate) fn peek(&self, position: u64) -> Word {
        let ring = &self.ring;
        let value = ring.word(position).load(Ordering::Acquire);
        let to_end = ring.bytes_to_end(position);
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

    /// Reads what is at `position` and tests the checksum of a record.
    pub(crate) fn inspect(&self, position: u64) -> Found<'_> {
        match self.peek(position) {
            Word::Empty | Word::Foreign => Found::Nothing,
            Word::Pad { length } => Found::Pad { length },
            Word::Record { length } => {
                self.decode(position, length, true).map_or(Found::Damaged { length }, Found::Record)
            }
        }
    }

    /// Reads the record at `position` without testing its checksum: for a record that was tested before.
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
        // SAFETY: the commit word was seen with Acquire, so the writer no longer writes these
        // bytes; only `free_to` writes them again, which needs this side as `&mut`. `peek` found
        // that the length stays inside the ring.
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

    pub(crate) fn set_batch(&self, position: u64, sink: Sink, batch: u32) {
        self.ring.batch(position, sink).store(batch, Ordering::Relaxed);
    }

    /// Fills `from..to` with pads, so that a reader after a restart passes over it. No living
    /// writer may have a claim in this range.
    pub(crate) fn fill_pad(&mut self, from: u64, to: u64) {
        let mut at = from;
        while at < to {
            let length = self.ring.bytes_to_end(at).min(to - at);
            self.ring.word(at).store(layout::pad_word(at, length as u32), Ordering::Release);
            at += length;
        }
    }

    /// Frees everything before `position`: moves the read cursor, zeroes the bytes, moves the free
    /// cursor. A reader that is killed in between leaves bytes that are either still readable or
    /// zeroed after the restart.
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
            let length = ring.bytes_to_end(at).min(read - at);
            // SAFETY: between `free` and `read` nothing is claimed, and this side has given up
            // every record there: its only callers are `new`, before any record was lent, and
            // `free_to`, which holds this side as `&mut`.
            unsafe { ring.region.zero(ring.offset(at), length as usize) };
            at += length;
        }
        ring.free().store(read, Ordering::Release);
    }
}
