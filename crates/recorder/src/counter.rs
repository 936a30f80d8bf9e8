//! The counters in the file header, besides the dropped records of each kind.

use crate::kind::Kind;

/// A counter in the file header. It counts from the creation of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(usize)]
#[non_exhaustive]
pub enum Counter {
    /// Holes: space that writers claimed but did not commit before they died.
    Holes = Kind::COUNT,
    /// Records whose checksum did not fit.
    Damaged = Kind::COUNT + 1,
    /// Records that were dropped because they were too large; also counted by kind.
    TooLarge = Kind::COUNT + 2,
    /// Spans and items that were sent again because no response came: the sink may have them twice.
    PossibleDuplicates = Kind::COUNT + 3,
    /// Spans and items that were skipped because a sink refused the API key.
    Unauthorized = Kind::COUNT + 4,
    /// Spans and items that were printed as dead letters.
    DeadLettered = Kind::COUNT + 5,
    /// Spans that a sink rejected in an otherwise successful response (partial success).
    Rejected = Kind::COUNT + 6,
}

/// The number of all counters, those of dropped records included.
pub(crate) const COUNTERS: usize = Kind::COUNT + 7;
