//! The kinds of records, and how much of the ring each may fill.

/// The kind of a record, which determines its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Kind {
    /// A process attached: [`ProcessStarted`](crate::ProcessStarted).
    ProcessStarted = 1,
    /// An invocation began: [`InvocationStarted`](crate::InvocationStarted).
    InvocationStarted = 2,
    /// A span began: [`SpanIds`](crate::SpanIds), then an OTLP `Span` as far as it is known.
    SpanStarted = 3,
    /// A span event, such as an error, at the moment it happened: [`SpanIds`](crate::SpanIds), then
    /// an OTLP `Span.Event`.
    Event = 4,
    /// A span ended: [`SpanIds`](crate::SpanIds), then the whole OTLP `Span`.
    SpanEnded = 5,
    /// The writer sent the X-Ray document of the invocation: [`DatagramSent`](crate::DatagramSent).
    DatagramSent = 6,
    /// An invocation ended: [`InvocationEnded`](crate::InvocationEnded).
    InvocationEnded = 7,
    /// The reader found out why an invocation, or the init phase, died:
    /// [`DeathRecord`](crate::DeathRecord).
    Death = 8,
    /// The process exits on its own, through `exit` or at the end of `main`; no payload. A killed
    /// process leaves no such record.
    ProcessExited = 9,
}

impl Kind {
    /// How many kinds there are. The counter of dropped records of a kind has the index `kind - 1`.
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

    /// Returns the priority of a record that a writer writes. A lost start costs one span. A lost
    /// end makes a healthy span look dead, and the purpose of the recorder is that no error is
    /// lost.
    pub(crate) fn priority(self) -> Priority {
        match self {
            Self::InvocationStarted | Self::SpanStarted => Priority::Low,
            _ => Priority::High,
        }
    }
}

/// This fraction of the ring is reserved for ends and errors.
pub(crate) const END_RESERVE_DIVISOR: u64 = 8;
/// This fraction of the ring is reserved for the reader. It relocates records to free space, so it
/// needs space to do so in a full ring.
const READER_RESERVE_DIVISOR: u64 = 16;
/// The least reserve of the reader, in bytes: a record to relocate, and the pad before it at the
/// end of the ring.
const MIN_READER_RESERVE_BYTES: u64 = 2_048;

/// How much of the capacity reserves a record may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Priority {
    /// Starts: no reserve.
    Low,
    /// Ends, errors and other kinds: the reserve for ends and errors.
    High,
    /// Records of the reader, which are relocated records and deaths: all reserves.
    Reader,
}

impl Priority {
    /// Returns how many bytes of a ring of this size a record must leave free.
    pub(crate) fn reserved_bytes(self, ring_bytes: u64) -> u64 {
        let reader = (ring_bytes / READER_RESERVE_DIVISOR).max(MIN_READER_RESERVE_BYTES).min(ring_bytes / 4);
        match self {
            Self::Low => reader + ring_bytes / END_RESERVE_DIVISOR,
            Self::High => reader,
            Self::Reader => 0,
        }
    }
}
