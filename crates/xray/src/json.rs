//! Small pieces of JSON: members, cut strings, numbers, ids, times.

use std::io::Write;

use crudder_text::json::{write_escaped, write_string};

/// The longest string in a document, in characters, where nothing else is said (Developer Guide, "Segment documents").
pub(super) const MAX_STRING_CHARS: usize = 250;

/// Begins a member: a comma unless it is the first of its object, the key, the colon.
pub(super) fn key(out: &mut Vec<u8>, key: &str) {
    if !matches!(out.last(), Some(b'{') | None) {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
}

/// A member with a string of at most 250 characters.
pub(super) fn string(out: &mut Vec<u8>, name: &str, value: &str) {
    key(out, name);
    cut_string(out, value, MAX_STRING_CHARS);
}

/// A string of at most `chars` characters; one that is cut ends in `…`.
pub(super) fn cut_string(out: &mut Vec<u8>, value: &str, chars: usize) {
    // Bytes are at least as many as characters, so most strings need no counting.
    if value.len() <= chars || value.chars().count() <= chars {
        return write_string(out, value, usize::MAX);
    }
    let end = value.char_indices().nth(chars - 1).map_or(value.len(), |(at, _)| at);
    out.push(b'"');
    let _ = write_escaped(out, &value[..end], usize::MAX);
    out.extend_from_slice("…\"".as_bytes());
}

/// A member with a number or a bool.
pub(super) fn bare(out: &mut Vec<u8>, name: &str, value: impl std::fmt::Display) {
    key(out, name);
    write!(out, "{value}").expect("writing into a Vec does not fail");
}

/// A member with an id of 16 hex digits.
pub(super) fn id(out: &mut Vec<u8>, name: &str, value: u64) {
    key(out, name);
    out.push(b'"');
    hex(out, &value.to_be_bytes());
    out.push(b'"');
}

pub(super) fn hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

/// A member with a time: seconds since 1970 with microseconds, which is all that X-Ray's floats hold.
pub(super) fn time(out: &mut Vec<u8>, name: &str, ns: u64) {
    key(out, name);
    let mut micros = ns / 1_000;
    // Formatting costs more than all else that is written of a time.
    let mut digits = *b"0000000000000.000000";
    for digit in digits.iter_mut().rev().filter(|digit| **digit == b'0') {
        *digit += (micros % 10) as u8;
        micros /= 10;
    }
    let start = digits[..12].iter().position(|digit| *digit != b'0').unwrap_or(12);
    out.extend_from_slice(&digits[start..]);
}

/// One character inside a string.
pub(super) fn write_char(out: &mut Vec<u8>, c: char) {
    let mut bytes = [0; 4];
    let _ = write_escaped(out, c.encode_utf8(&mut bytes), usize::MAX);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_time_reads_as_it_would_be_formatted(ns in any::<u64>()) {
            let mut out = Vec::new();
            time(&mut out, "t", ns);
            let micros = ns / 1_000;
            let expected = format!("\"t\":{}.{:06}", micros / 1_000_000, micros % 1_000_000);
            prop_assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
