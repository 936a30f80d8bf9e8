//! Where everything lies in the ring file, and what the numbers in it mean.
//!
//! All numbers are in the machine's own byte order: the file never leaves the machine that wrote it.
//!
//! ```text
//! file header, one page                      record header, 64 bytes, at a multiple of 8
//!    0  magic, 8 bytes                          0  commit: length (low half), stamp of the position (high half)
//!    8  version, u32                            8  label of each of seven sinks: u32 each, the reader's alone
//!   16  ring bytes, u64, a power of two        36  CRC-32 of everything from 40 to the payload's end
//!   64  tail: where the next claim begins      40  kind, u32
//!  128  free: writers claim up to free + size  44  writer, u32: slot (high 8 bits), generation (low 24)
//!  192  read: where a next life begins         48  invocation, u32
//!  256  acknowledged, attempted of each sink   52  payload bytes, u32
//!  384  doorbell: 1 after a wake-up not heard  56  origin, u64: the position at which the record was first written
//!  448  counters, u64 each                     64  payload, then zeros up to a multiple of 8
//!  704  what of the counters was reported
//! 1024  64 slots: opened_at u64, generation u32, spare u32
//! 4096  the ring
//! ```

/// The version of this layout. A ring of another version is not touched.
pub const VERSION: u32 = 3;
/// What `CRUDDER_RECORDER_BYTES` is when it is not set: room for some 2,700 records of 300 bytes.
pub const DEFAULT_BYTES: u64 = 1 << 20;
/// A smaller ring could not hold one record of every kind beside its headroom.
pub(crate) const LEAST_BYTES: u64 = 1 << 12;
/// Positions keep their order in 32 bits of stamp up to here; more would be most of Lambda's 512 MB of /tmp.
pub(crate) const MOST_BYTES: u64 = 1 << 28;

pub(crate) const FILE_MAGIC: u64 = u64::from_le_bytes(*b"crudring");
pub(crate) const HEADER_BYTES: usize = 4096;
pub(crate) const AT_MAGIC: usize = 0;
pub(crate) const AT_VERSION: usize = 8;
pub(crate) const AT_BYTES: usize = 16;
pub(crate) const AT_TAIL: usize = 64;
pub(crate) const AT_FREE: usize = 128;
pub(crate) const AT_READ: usize = 192;
pub(crate) const AT_SINKS: usize = 256;
pub(crate) const AT_DOORBELL: usize = 384;
pub(crate) const AT_COUNTERS: usize = 448;
pub(crate) const AT_REPORTED: usize = 704;
pub(crate) const AT_SLOTS: usize = 1024;
pub(crate) const SLOT_BYTES: usize = 16;
/// How many processes may write at once. Lambda runs one; the rest is for Managed Instances and for the dead not yet buried.
pub(crate) const SLOTS: u32 = 64;

pub(crate) const RECORD_HEADER: usize = 64;
pub(crate) const IN_LABELS: usize = 8;
pub(crate) const IN_CRC: usize = 36;
pub(crate) const IN_SUMMED: usize = 40;
/// Records begin at multiples of this, so that a commit word is always one aligned store.
pub(crate) const ALIGN: u64 = 8;
/// One record takes at most this part of the ring: a ring that one record can fill is no recorder.
pub(crate) const LARGEST_PART: u64 = 8;
/// This part of the ring is kept for ends and errors (D6).
pub(crate) const HEADROOM_PART: u64 = 8;
/// This part of the ring is the reader's alone: what it carries from the front makes room, so there must always be room to carry.
pub(crate) const CARRY_PART: u64 = 16;
/// In a small ring that part is larger: a record that is carried, and the gap before it at the ring's end, fit into this.
pub(crate) const CARRY_LEAST: u64 = 2_048;

/// How far into what is kept free a record may go (D6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// Starts and what merely informs.
    Ordinary,
    /// Ends and errors, too.
    Headroom,
    /// What the reader carries and its verdicts: all there is.
    Last,
}

impl Room {
    /// The bytes of a ring that such a record leaves free.
    pub(crate) fn leaves_free(self, ring_bytes: u64) -> u64 {
        let carry = (ring_bytes / CARRY_PART).max(CARRY_LEAST).min(ring_bytes / 4);
        match self {
            Self::Ordinary => carry + ring_bytes / HEADROOM_PART,
            Self::Headroom => carry,
            Self::Last => 0,
        }
    }
}

const RECORD_STAMP: u32 = 0x7E10_C0DE;
const PAD_STAMP: u32 = 0x0BAD_FA11;

/// The commit word of a record at `position`: it fits no other position of the same 32 GB, so nothing old passes for it.
pub(crate) fn record_word(position: u64, length: u32) -> u64 {
    word(RECORD_STAMP, position, length)
}

/// The commit word of a gap: the ring's end, a hole that was skipped, a damaged record.
pub(crate) fn pad_word(position: u64, length: u32) -> u64 {
    word(PAD_STAMP, position, length)
}

fn word(stamp: u32, position: u64, length: u32) -> u64 {
    let place = (position / ALIGN) as u32;
    (u64::from(stamp ^ place) << 32) | u64::from(length)
}

/// What stands at a position, by its commit word alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// Nothing was committed here yet.
    Empty,
    Record {
        length: u64,
    },
    Pad {
        length: u64,
    },
    /// Not a word that a writer stores here.
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

/// What a record tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Kind {
    /// A process attached: [`ProcessStarted`](crate::ProcessStarted).
    ProcessStarted = 1,
    /// An invocation began: [`InvocationStarted`](crate::InvocationStarted).
    InvocationStarted = 2,
    /// A span began: [`SpanIds`](crate::SpanIds), then an OTLP `Span` as far as it is known.
    SpanStarted = 3,
    /// An error or another report, the moment it happened: [`SpanIds`](crate::SpanIds), then an OTLP `Span.Event`.
    Event = 4,
    /// A span ended: [`SpanIds`](crate::SpanIds), then the whole OTLP `Span`.
    SpanEnded = 5,
    /// The invocation's X-Ray document left: [`DatagramSent`](crate::DatagramSent).
    DatagramSent = 6,
    /// An invocation ended: [`InvocationEnded`](crate::InvocationEnded).
    InvocationEnded = 7,
    /// The layer found out how an invocation, or an init, died: [`Death`](crate::DeathRecord).
    Death = 8,
    /// A process ends by itself, by `exit` or the end of `main`: no payload. What kills a process leaves no such record.
    ProcessExited = 9,
}

impl Kind {
    /// How many kinds there are; counters by kind lie at `kind - 1`.
    pub(crate) const COUNT: usize = 9;

    pub(crate) fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            1 => Self::ProcessStarted,
            2 => Self::InvocationStarted,
            3 => Self::SpanStarted,
            4 => Self::Event,
            5 => Self::SpanEnded,
            6 => Self::DatagramSent,
            7 => Self::InvocationEnded,
            8 => Self::Death,
            9 => Self::ProcessExited,
            _ => return None,
        })
    }

    /// Which part of the ring is open to it. A start that is lost costs one span; an end that is lost makes a healthy span look
    /// dead, and an error that is lost is what this recorder exists to prevent.
    pub(crate) fn room(self) -> Room {
        match self {
            Self::InvocationStarted | Self::SpanStarted => Room::Ordinary,
            _ => Room::Headroom,
        }
    }
}

/// A place to which records are exported, by number: each has its own labels and its own acknowledgements (D1).
///
/// The recorder does not know what a sink is; its reader gives each destination a number and keeps to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sink(u8);

impl Sink {
    /// How many sinks a ring has: as many labels as a record header of one cache line holds.
    pub const COUNT: usize = 7;

    /// The sink of this number.
    ///
    /// # Panics
    /// In a constant's evaluation, when there are not so many sinks.
    #[must_use]
    pub const fn new(number: u8) -> Self {
        assert!((number as usize) < Self::COUNT, "a ring has seven sinks");
        Self(number)
    }

    /// Its number, below [`COUNT`](Self::COUNT).
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// All of them, in the order of their labels.
    pub const ALL: [Self; Self::COUNT] = [Self(0), Self(1), Self(2), Self(3), Self(4), Self(5), Self(6)];
}

/// What the header counts beside drops by kind, from the file's first use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Counter {
    /// Gaps left by writers that died between claim and commit.
    Holes = Kind::COUNT,
    /// Records whose checksum did not fit.
    Damaged = Kind::COUNT + 1,
    /// Records larger than the ring takes; also counted by kind.
    TooLarge = Kind::COUNT + 2,
    /// Spans and items sent again because no answer came: a sink may hold them twice.
    PossibleDuplicates = Kind::COUNT + 3,
    /// Spans and items declined because a sink refused the key.
    Unauthorized = Kind::COUNT + 4,
    /// Spans and items printed as dead letters.
    DeadLettered = Kind::COUNT + 5,
    /// Spans that a sink took no part of, by its own word (partial success).
    Rejected = Kind::COUNT + 6,
}

pub(crate) const COUNTERS: usize = Kind::COUNT + 7;

/// One writing process: its slot, and which tenant of the slot it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WriterId(pub(crate) u32);

impl WriterId {
    /// The layer itself, which has no slot.
    pub const READER: Self = Self(u32::MAX);

    pub(crate) fn new(slot: u32, generation: u32) -> Self {
        Self((slot << 24) | (generation & 0x00FF_FFFF))
    }

    pub(crate) fn slot(self) -> u32 {
        self.0 >> 24
    }

    pub(crate) fn generation(self) -> u32 {
        self.0 & 0x00FF_FFFF
    }

    /// The id as one number, unique among the writers of a ring file.
    pub fn number(self) -> u32 {
        self.0
    }

    /// The id that [`number`](Self::number) came from.
    pub fn from_number(number: u32) -> Self {
        Self(number)
    }
}
