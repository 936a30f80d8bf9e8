//! The writers' side of the ring: claim, write, commit.
//!
//! Who may access which bytes:
//! - claimed bytes: only their writer, until it stores the commit word;
//! - committed bytes: the reader reads them and no process writes them, except the batch numbers and
//!   the commit word, which are atomics;
//! - freed bytes: zero, and no process accesses them before the next claim.

mod header;
mod read_side;
mod scan;
#[cfg(test)]
mod tests;

#[cfg(test)]
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

pub(crate) use self::read_side::{Found, ReadSide};
pub(crate) use self::scan::{Liveness, Scan};
use crate::counter::Counter;
use crate::kind::{Kind, Priority};
use crate::layout;
use crate::region::Region;
use crate::sink::{PENDING, Sink};
use crate::writer_id::WriterId;

/// The reason why a record was not written. The header counts it; the caller goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Dropped {
    /// The reader has not freed enough space.
    #[error("the recorder is full")]
    Full,
    /// The record is larger than an eighth of the ring.
    #[error("the record is too large for the recorder")]
    TooLarge,
}

/// A committed record, borrowed from the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The position of the record. It is unique during the life of the ring file.
    pub position: u64,
    /// The position after the record.
    pub end: u64,
    /// The position at which the record was first written: `position`, unless the reader relocated
    /// the record.
    pub origin: u64,
    /// What the record is about.
    pub kind: Kind,
    /// The process that wrote the record; for a death, the process that died.
    pub writer: WriterId,
    /// The number of the invocation within its process, counted from 1; 0 if the record belongs to
    /// no invocation.
    pub invocation: u32,
    /// The payload as the writer passed it.
    pub payload: &'a [u8],
}

/// All of a record except its payload.
pub(crate) struct Head {
    pub(crate) kind: Kind,
    pub(crate) writer: WriterId,
    pub(crate) invocation: u32,
    /// `None` if the record is written for the first time.
    pub(crate) origin: Option<u64>,
    pub(crate) batches: [u32; Sink::COUNT],
    pub(crate) priority: Priority,
}

impl Head {
    /// A record that is written for the first time and pending for every sink.
    pub(crate) fn new(kind: Kind, writer: WriterId, invocation: u32, priority: Priority) -> Self {
        Self { kind, writer, invocation, origin: None, batches: [PENDING; Sink::COUNT], priority }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) position: u64,
    /// Whether this record made the ring half full.
    pub(crate) half_full: bool,
}

/// The memory of a ring file: header and ring.
pub(crate) struct Ring {
    region: Region,
    bytes: u64,
}

impl Ring {
    /// `region` has a header page and `bytes` of ring, a power of two.
    pub(crate) fn over(region: Region, bytes: u64) -> Self {
        debug_assert!(bytes.is_power_of_two());
        Self { region, bytes }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    #[inline]
    fn offset(&self, position: u64) -> usize {
        layout::HEADER_BYTES + (position & (self.bytes - 1)) as usize
    }

    /// Returns the number of bytes from `position` to the end of the ring's memory.
    #[inline]
    fn bytes_to_end(&self, position: u64) -> u64 {
        self.bytes - (position & (self.bytes - 1))
    }

    #[inline]
    fn word(&self, position: u64) -> &AtomicU64 {
        self.region.atomic64(self.offset(position))
    }

    #[inline]
    pub(crate) fn batch(&self, position: u64, sink: Sink) -> &AtomicU32 {
        self.region.atomic32(self.offset(position) + layout::IN_BATCHES + sink.index() * 4)
    }

    /// Writes one record: claim, copy, checksum, commit.
    #[inline]
    pub(crate) fn write(&self, head: &Head, parts: &[&[u8]]) -> Result<Written, Dropped> {
        let payload: usize = parts.iter().map(|part| part.len()).sum();
        let length = layout::align((layout::RECORD_HEADER + payload) as u64);
        let claimed = self.claim(length, head.priority).inspect_err(|why| self.count_dropped(head.kind, *why))?;
        self.fill(claimed.position, head, payload, parts);
        let word = layout::record_word(claimed.position, length as u32);
        // Release: a reader that sees this word sees all bytes of the record.
        self.word(claimed.position).store(word, Ordering::Release);
        Ok(claimed)
    }

    fn count_dropped(&self, kind: Kind, why: Dropped) {
        self.counter(kind as usize - 1).fetch_add(1, Ordering::Relaxed);
        if why == Dropped::TooLarge {
            self.counter(Counter::TooLarge as usize).fetch_add(1, Ordering::Relaxed);
        }
    }

    #[inline]
    pub(crate) fn claim(&self, length: u64, priority: Priority) -> Result<Written, Dropped> {
        if length > self.bytes / layout::MAX_RECORD_DIVISOR {
            return Err(Dropped::TooLarge);
        }
        let reserved = priority.reserved_bytes(self.bytes);
        let mut tail = self.tail().load(Ordering::Relaxed);
        loop {
            let to_end = self.bytes_to_end(tail);
            let pad = if to_end < length { to_end } else { 0 };
            let next = tail + pad + length;
            // Acquire: the reader zeroed the claimed bytes before it freed them.
            let free = self.free().load(Ordering::Acquire);
            // A stale tail may be before `free`; then the exchange below fails.
            if next.saturating_sub(free) > self.bytes - reserved {
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
        // SAFETY: this call claimed these bytes and has not committed them, so no other thread or process accesses
        // them.
        unsafe { self.region.copy_in(start + layout::IN_SUMMED, &summed) };
        let mut at = start + layout::RECORD_HEADER;
        for part in parts {
            // SAFETY: as above; the claim is as long as all parts together.
            unsafe { self.region.copy_in(at, part) };
            at += part.len();
        }
        // Freed bytes are zero, which is `PENDING`: only a relocated record has batch numbers to
        // write.
        if head.batches != [PENDING; Sink::COUNT] {
            for (sink, batch) in Sink::ALL.into_iter().zip(head.batches) {
                self.batch(position, sink).store(batch, Ordering::Relaxed);
            }
        }
        // SAFETY: as above, and the slice is gone at the end of the statement.
        let sum = crc32fast::hash(unsafe { self.region.bytes(start + layout::IN_SUMMED, summed.len() + payload) });
        self.region.atomic32(start + layout::IN_CRC).store(sum, Ordering::Relaxed);
    }

    /// A ring on plain memory, with no file and no locks, so that miri can run it.
    #[cfg(test)]
    pub(crate) fn on_heap(bytes: u64) -> Arc<Self> {
        Arc::new(Self::over(Region::heap(layout::HEADER_BYTES + bytes as usize), bytes))
    }

    /// Flips a bit of the record at `position`, as a stray pointer of a writing process might.
    #[cfg(test)]
    pub(crate) fn flip_bit(&self, position: u64, byte: usize) {
        let word = self.region.atomic32(self.offset(position) + byte);
        word.store(word.load(Ordering::Relaxed) ^ 1, Ordering::Relaxed);
    }
}
