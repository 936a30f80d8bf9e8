//! The bounds of one OTLP message.

/// The bounds of a message, so that its record stays below an eighth of the recorder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Longer strings are cut.
    pub(super) string_bytes: usize,
    /// More attributes, events or links than this are dropped, and counted as dropped.
    pub(super) members: usize,
}

/// The bounds of a span, in the order in which they are tried until its record is small enough.
pub(crate) const BOUNDS: [Bounds; 3] = [
    Bounds { string_bytes: 16_384, members: 128 },
    Bounds { string_bytes: 512, members: 24 },
    Bounds { string_bytes: 128, members: 8 },
];

/// Returns the beginning of `text` that is within the bounds.
pub(super) fn cut(text: &str, bounds: Bounds) -> &str {
    &text[..text.floor_char_boundary(bounds.string_bytes)]
}
