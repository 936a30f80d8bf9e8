//! JSON strings, escaped straight into a buffer and cut at a limit.

use crate::hex;

/// The mark at the end of a string that was cut.
pub const CUT: &str = "…[cut]";

/// Whether JSON requires an escape: control characters, the quote and the backslash. DEL, U+2028
/// and U+2029 are legal.
const fn must_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Writes `text` as a JSON string. The escaped text takes at most `max_bytes`; quotes and [`CUT`]
/// come on top.
///
/// ```
/// use crudder_text::json::write_string;
///
/// let mut out = Vec::new();
/// write_string(&mut out, "a \"quoted\" word", usize::MAX);
/// assert_eq!(out, br#""a \"quoted\" word""#);
///
/// out.clear();
/// write_string(&mut out, "too long", 3);
/// assert_eq!(out, "\"too…[cut]\"".as_bytes());
/// ```
pub fn write_string(out: &mut Vec<u8>, text: &str, max_bytes: usize) {
    out.push(b'"');
    if write_escaped(out, text, max_bytes).is_err() {
        out.extend_from_slice(CUT.as_bytes());
    }
    out.push(b'"');
}

/// The limit was reached before the end of the text. The written part consists of whole characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Truncated;

/// Writes `text` escaped for JSON, without quotes, in at most `max_bytes`.
///
/// # Errors
/// [`Truncated`] if the escaped text is longer; its beginning has been written.
pub fn write_escaped(out: &mut Vec<u8>, text: &str, max_bytes: usize) -> Result<(), Truncated> {
    let end = out.len().saturating_add(max_bytes);
    let bytes = text.as_bytes();
    let mut written = 0;
    while let Some(length) = bytes[written..].iter().position(|byte| must_escape(*byte)) {
        copy(out, &text[written..written + length], end)?;
        if out.len() + MAX_ESCAPE_BYTES > end {
            return Err(Truncated);
        }
        escape(out, bytes[written + length]);
        written += length + 1;
    }
    copy(out, &text[written..], end)
}

/// The longest escape: `\u001f`.
const MAX_ESCAPE_BYTES: usize = 6;

fn copy(out: &mut Vec<u8>, text: &str, end: usize) -> Result<(), Truncated> {
    let left = end.saturating_sub(out.len());
    if text.len() <= left {
        out.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    out.extend_from_slice(&text.as_bytes()[..text.floor_char_boundary(left)]);
    Err(Truncated)
}

fn escape(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            out.extend_from_slice(b"\\u00");
            return out.extend_from_slice(&hex::digits(byte));
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Appends `text` to `out` as a JSON string of any length.
pub fn push_string(out: &mut String, text: &str) {
    let mut bytes = Vec::with_capacity(text.len() + 2);
    write_string(&mut bytes, text, usize::MAX);
    out.push_str(std::str::from_utf8(&bytes).expect("escaping keeps UTF-8 valid"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_round_trips_through_a_json_parser(text in any::<String>()) {
            let mut out = Vec::new();
            write_string(&mut out, &text, usize::MAX);
            prop_assert!(out.iter().all(|byte| *byte >= 0x20));
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }

        #[test]
        fn a_cut_string_is_valid_json_within_the_limit(text in any::<String>(), limit in 0usize..64) {
            let mut out = Vec::new();
            write_string(&mut out, &text, limit);
            prop_assert!(out.len() <= limit + 2 + CUT.len());
            let read = serde_json::from_slice::<String>(&out).unwrap();
            prop_assert!(read == text || read.strip_suffix(CUT).is_some_and(|start| text.starts_with(start)));
        }
    }
}
