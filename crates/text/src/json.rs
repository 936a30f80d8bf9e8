//! JSON strings straight into a buffer, bounded.

/// What stands where text was cut.
pub const CUT: &str = "…[cut]";

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Bytes that JSON wants escaped: the controls, the quote, the backslash. DEL and U+2028/9 are legal as they are.
const fn must_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Writes `text` with its quotes, at most `room` bytes and the mark of a cut.
pub fn write_string(out: &mut Vec<u8>, text: &str, room: usize) {
    out.push(b'"');
    if write_escaped(out, text, room).is_err() {
        out.extend_from_slice(CUT.as_bytes());
    }
    out.push(b'"');
}

/// The room is used up; what is written so far is whole characters.
pub struct Full;

/// Writes `text` without quotes, at most `room` bytes.
pub fn write_escaped(out: &mut Vec<u8>, text: &str, room: usize) -> Result<(), Full> {
    let end = out.len().saturating_add(room);
    let bytes = text.as_bytes();
    let mut kept = 0;
    while let Some(length) = bytes[kept..].iter().position(|byte| must_escape(*byte)) {
        copy(out, &text[kept..kept + length], end)?;
        if out.len() + ESCAPE_BYTES > end {
            return Err(Full);
        }
        escape(out, bytes[kept + length]);
        kept += length + 1;
    }
    copy(out, &text[kept..], end)
}

/// The longest escape: `\u001f`.
const ESCAPE_BYTES: usize = 6;

fn copy(out: &mut Vec<u8>, text: &str, end: usize) -> Result<(), Full> {
    let room = end.saturating_sub(out.len());
    if text.len() <= room {
        out.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    out.extend_from_slice(&text.as_bytes()[..text.floor_char_boundary(room)]);
    Err(Full)
}

fn escape(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
            return out.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Writes a short string of ours, unbounded, into a `String`.
pub fn push_string(out: &mut String, text: &str) {
    let mut bytes = Vec::with_capacity(text.len() + 2);
    write_string(&mut bytes, text, usize::MAX);
    out.push_str(std::str::from_utf8(&bytes).expect("escaping keeps text what it is"));
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
        fn a_cut_text_is_valid_json_of_the_promised_size(text in any::<String>(), room in 0usize..64) {
            let mut out = Vec::new();
            write_string(&mut out, &text, room);
            prop_assert!(out.len() <= room + 2 + CUT.len());
            let read = serde_json::from_slice::<String>(&out).unwrap();
            prop_assert!(read == text || read.strip_suffix(CUT).is_some_and(|start| text.starts_with(start)));
        }
    }
}
