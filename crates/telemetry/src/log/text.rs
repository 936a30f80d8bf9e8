//! Bounded text in a line.

use std::fmt::Write;

use crudder_text::json::{CUT, write_escaped};

/// The largest field, so that a long one leaves space for those after it.
pub(super) const MAX_FIELD_BYTES: usize = 60_000;

/// Stops a formatter at the size of the largest field.
pub(super) struct Bounded<'a>(pub(super) &'a mut String);

impl Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let free = MAX_FIELD_BYTES.saturating_sub(self.0.len());
        if text.len() <= free {
            self.0.push_str(text);
            return Ok(());
        }
        self.0.push_str(&text[..text.floor_char_boundary(free)]);
        self.0.push_str(CUT);
        Err(std::fmt::Error)
    }
}

/// Writes text for a terminal: escapes control characters, but not quotes.
pub(super) fn write_plain(out: &mut Vec<u8>, text: &str, free: usize) {
    let mut escaped = Vec::new();
    let cut = write_escaped(&mut escaped, text, free).is_err();
    let mut bytes = escaped.into_iter().peekable();
    while let Some(byte) = bytes.next() {
        match (byte, bytes.peek()) {
            (b'\\', Some(b'"' | b'\\')) => out.extend(bytes.next()),
            _ => out.push(byte),
        }
    }
    if cut {
        out.extend_from_slice(CUT.as_bytes());
    }
}
