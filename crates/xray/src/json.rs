//! Writes members of JSON objects: strings of limited length, numbers, ids and times.

use std::io::Write;

use crudder_otlp::Value;
use crudder_text::json::{write_escaped, write_string};
use crudder_text::write_hex;

/// The default limit of a string, in characters (X-Ray Developer Guide, "Segment documents").
pub(crate) const MAX_STRING_CHARS: usize = 250;

/// Starts a member: the key and a colon, after a comma unless the member is the first of its
/// object.
pub(crate) fn key(out: &mut Vec<u8>, key: &str) {
    if !matches!(out.last(), Some(b'{') | None) {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Writes a member with a string of at most [`MAX_STRING_CHARS`].
pub(crate) fn string(out: &mut Vec<u8>, name: &str, value: &str) {
    key(out, name);
    cut_string(out, value, MAX_STRING_CHARS);
}

/// Writes a string of at most `max_chars` characters. A string that was cut ends in `…`.
pub(crate) fn cut_string(out: &mut Vec<u8>, value: &str, max_chars: usize) {
    // A string has at least as many bytes as characters, so most strings need no count.
    if value.len() <= max_chars || value.chars().count() <= max_chars {
        return write_string(out, value, usize::MAX);
    }
    let end = value.char_indices().nth(max_chars - 1).map_or(value.len(), |(at, _)| at);
    out.push(b'"');
    let _ = write_escaped(out, &value[..end], usize::MAX);
    out.extend_from_slice("…\"".as_bytes());
}

/// Writes a member with a number or a boolean.
pub(crate) fn bare(out: &mut Vec<u8>, name: &str, value: impl std::fmt::Display) {
    key(out, name);
    write!(out, "{value}").expect("writing into a Vec does not fail");
}

/// Writes a member with an id as 16 hexadecimal digits.
pub(crate) fn id(out: &mut Vec<u8>, name: &str, value: u64) {
    key(out, name);
    out.push(b'"');
    write_hex(out, &value.to_be_bytes());
    out.push(b'"');
}

/// Writes a member with a time: seconds since 1970 with microseconds. X-Ray's floats hold no more.
pub(crate) fn time(out: &mut Vec<u8>, name: &str, ns: u64) {
    key(out, name);
    let mut micros = ns / 1_000;
    // The general formatter would take longer than the rest of this function.
    let mut digits = *b"0000000000000.000000";
    for digit in digits.iter_mut().rev().filter(|digit| **digit == b'0') {
        *digit += (micros % 10) as u8;
        micros /= 10;
    }
    let start = digits[..12].iter().position(|digit| *digit != b'0').unwrap_or(12);
    out.extend_from_slice(&digits[start..]);
}

/// Writes a value; strings have at most `max_chars` characters.
pub(crate) fn value(out: &mut Vec<u8>, value: &Value<'_>, max_chars: usize) {
    let written = match value {
        Value::Str(text) => return cut_string(out, text, max_chars),
        Value::Bool(truth) => write!(out, "{truth}"),
        Value::Int(number) => write!(out, "{number}"),
        Value::Float(number) if number.is_finite() => write!(out, "{number:?}"),
        // JSON has no infinity and no NaN.
        Value::Float(number) => write!(out, "\"{number}\""),
        Value::Array(values) => return write_array(out, values, max_chars),
    };
    written.expect("writing into a Vec does not fail");
}

fn write_array(out: &mut Vec<u8>, values: &[Value<'_>], max_chars: usize) {
    out.push(b'[');
    for (index, element) in values.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        value(out, element, max_chars);
    }
    out.push(b']');
}

/// Writes one character of a string.
pub(crate) fn write_char(out: &mut Vec<u8>, c: char) {
    let mut bytes = [0; 4];
    let _ = write_escaped(out, c.encode_utf8(&mut bytes), usize::MAX);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_time_is_written_as_the_general_formatter_writes_it(ns in any::<u64>()) {
            let mut out = Vec::new();
            time(&mut out, "t", ns);
            let micros = ns / 1_000;
            let expected = format!("\"t\":{}.{:06}", micros / 1_000_000, micros % 1_000_000);
            prop_assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
