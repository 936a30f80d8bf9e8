//! The layout of the ring file, and the commit words in it.
//!
//! Byte order: the numbers of the file header and of the record headers are in the byte order of
//! the machine, because the file never leaves the machine that wrote it. The numbers in payloads
//! are little-endian.
//!
//! ```text
//! file header, one page
//!     0  magic, 8 bytes: "crudring"
//!     8  layout version, u32
//!    16  size of the ring in bytes, u64, a power of two
//!    64  tail, u64: the position of the next claim
//!   128  free, u64: writers may claim up to free + size
//!   192  read, u64: where reading starts after a restart
//!   256  7 sinks, 16 bytes each: last acknowledged batch u64, last attempted batch u64
//!   384  wake-up, u32: 1 after a wake-up that the reader has not cleared
//!   448  16 counters, u64 each
//!   704  16 reported counters, u64 each
//!   832  7 sink names, 16 bytes each, padded with zeros; all zeros if the sink has no name
//!  1024  64 writer slots, 16 bytes each: opened_at u64, generation u32, 4 bytes unused
//!  4096  the ring
//!
//! record, at a multiple of 8 in the ring
//!     0  commit word, u64: length (low half), position tag (high half); 0 until the commit
//!     8  batch number of each of 7 sinks, u32 each, written by the reader
//!    36  CRC-32 of the bytes from 40 to the end of the payload, u32
//!    40  kind, u32
//!    44  writer, u32: writer slot in the high 8 bits, generation in the low 24
//!    48  invocation, u32
//!    52  size of the payload in bytes, u32
//!    56  origin, u64: the position at which the record was first written
//!    64  payload, then zeros up to a multiple of 8
//! ```
//!
//! A position counts bytes since the creation of the file and only grows. Its offset in the ring is
//! the position modulo the size of the ring. The fields that writers share are 64 bytes apart, so
//! that each has a cache line of its own.

use crate::counter::COUNTERS;
use crate::sink::{SINK_NAME_BYTES, Sink};

/// The version of the layout. A ring of another version is not used.
pub const VERSION: u32 = 3;
/// The default size of a ring, in bytes: some 2,300 records of 300 bytes, besides the capacity
/// reserves.
pub const DEFAULT_BYTES: u64 = 1 << 20;
/// The smallest ring, in bytes. A smaller one could not hold one record of each kind besides the
/// capacity reserves.
pub const MIN_BYTES: u64 = 1 << 12;
/// The largest ring, in bytes: half of the 512 MB that `/tmp` has on AWS Lambda.
pub const MAX_BYTES: u64 = 1 << 28;

pub(crate) const FILE_MAGIC: u64 = u64::from_le_bytes(*b"crudring");
pub(crate) const HEADER_BYTES: usize = 4096;
pub(crate) const AT_MAGIC: usize = 0;
pub(crate) const AT_VERSION: usize = 8;
pub(crate) const AT_BYTES: usize = 16;
pub(crate) const AT_TAIL: usize = 64;
pub(crate) const AT_FREE: usize = 128;
pub(crate) const AT_READ: usize = 192;
pub(crate) const AT_SINKS: usize = 256;
pub(crate) const SINK_BYTES: usize = 16;
pub(crate) const AT_WAKE_UP: usize = 384;
pub(crate) const AT_COUNTERS: usize = 448;
pub(crate) const AT_REPORTED: usize = 704;
pub(crate) const AT_SINK_NAMES: usize = 832;
pub(crate) const AT_SLOTS: usize = 1024;
pub(crate) const SLOT_BYTES: usize = 16;
/// How many processes may write at once. Lambda runs one function process; the other slots are for
/// processes that run side by side and for dead ones whose records the reader has not read yet.
pub(crate) const SLOTS: u32 = 64;

pub(crate) const RECORD_HEADER: usize = 64;
pub(crate) const IN_BATCHES: usize = 8;
pub(crate) const IN_CRC: usize = 36;
pub(crate) const IN_SUMMED: usize = 40;
/// Records start at multiples of this, so that a commit word is always one aligned store.
pub(crate) const ALIGN: u64 = 8;
/// The largest record is this fraction of the ring: one record must not fill the ring.
pub(crate) const MAX_RECORD_DIVISOR: u64 = 8;

// No part of the header reaches into the next one.
const _: () = {
    assert!(AT_SINKS + Sink::COUNT * SINK_BYTES <= AT_WAKE_UP);
    assert!(AT_COUNTERS + COUNTERS * 8 <= AT_REPORTED);
    assert!(AT_REPORTED + COUNTERS * 8 <= AT_SINK_NAMES);
    assert!(AT_SINK_NAMES + Sink::COUNT * SINK_NAME_BYTES <= AT_SLOTS);
    assert!(AT_SLOTS + SLOTS as usize * SLOT_BYTES <= HEADER_BYTES);
    assert!(IN_BATCHES + Sink::COUNT * 4 == IN_CRC);
};

/// What the position tag of a record is mixed from, besides the position.
const RECORD_TAG: u32 = 0x7E10_C0DE;
/// The same for a pad.
const PAD_TAG: u32 = 0x0BAD_FA11;

/// Returns the commit word of a record at `position`. Its tag fits no other position within 32 GB,
/// so no word of an earlier lap passes for it.
pub(crate) fn record_word(position: u64, length: u32) -> u64 {
    word(RECORD_TAG, position, length)
}

/// Returns the commit word of a pad: space without a record at the end of the ring, in a skipped
/// hole or in place of a damaged record.
pub(crate) fn pad_word(position: u64, length: u32) -> u64 {
    word(PAD_TAG, position, length)
}

fn word(tag: u32, position: u64, length: u32) -> u64 {
    let index = (position / ALIGN) as u32;
    (u64::from(tag ^ index) << 32) | u64::from(length)
}

/// What is at a position, judged by its commit word alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// Nothing was committed yet.
    Empty,
    Record {
        length: u64,
    },
    Pad {
        length: u64,
    },
    /// A word that no writer stores at this position.
    Foreign,
}

pub(crate) fn read_word(position: u64, value: u64) -> Word {
    let length = value as u32;
    match value {
        0 => Word::Empty,
        _ if value == record_word(position, length) => Word::Record { length: u64::from(length) },
        _ if value == pad_word(position, length) => Word::Pad { length: u64::from(length) },
        _ => Word::Foreign,
    }
}

pub(crate) fn align(length: u64) -> u64 {
    length.next_multiple_of(ALIGN)
}
