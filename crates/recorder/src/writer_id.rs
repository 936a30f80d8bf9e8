//! The identity of a writing process.

/// A writing process: its writer slot and the generation of the slot, which changes with each
/// process that uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WriterId(pub(crate) u32);

impl WriterId {
    /// The reader, which has no writer slot.
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

    /// Returns the id as a number that is unique among the writers of a ring file.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }

    /// Returns the id with this [`number`](Self::number).
    #[must_use]
    pub fn from_number(number: u32) -> Self {
        Self(number)
    }
}
