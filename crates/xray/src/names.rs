//! Names of segments and keys of annotations, reduced to the characters that X-Ray accepts.

use crate::json::write_char;

/// The longest name that X-Ray accepts, in characters.
const MAX_NAME_CHARS: usize = 200;

/// The longest key, in characters. X-Ray accepts 500, but a key of that length is a mistake.
const MAX_KEY_CHARS: usize = 200;

/// The name of a span whose name has no allowed character.
const DEFAULT_NAME: &str = "span";

/// Characters that a name may have besides letters, digits and white space. The backslash is
/// allowed too, but JSON escapes it.
const PUNCTUATION: &str = "_.:/%&#=+-@";

/// Writes a name in quotes: letters, digits, white space and `_ . : / % & # = + \ - @`. Other
/// characters are dropped, so a route template loses its braces.
pub(crate) fn write_name(out: &mut Vec<u8>, name: &str) {
    out.push(b'"');
    let start = out.len();
    if name.len() <= MAX_NAME_CHARS && name.bytes().all(is_plain) {
        // Most names need no filter.
        out.extend_from_slice(name.as_bytes());
    } else {
        let allowed = |c: &char| c.is_alphanumeric() || c.is_whitespace() || *c == '\\' || PUNCTUATION.contains(*c);
        name.chars().filter(allowed).take(MAX_NAME_CHARS).for_each(|c| write_char(out, c));
    }
    if out[start..].iter().all(u8::is_ascii_whitespace) {
        out.truncate(start);
        out.extend_from_slice(DEFAULT_NAME.as_bytes());
    }
    out.push(b'"');
}

/// Whether the character is allowed and needs no escape in JSON.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b' ' || PUNCTUATION.as_bytes().contains(&byte)
}

/// Cuts a name so that `suffix_chars` more characters fit.
pub(crate) fn cut(name: &str, suffix_chars: usize) -> &str {
    name.char_indices().nth(MAX_NAME_CHARS - suffix_chars).map_or(name, |(at, _)| &name[..at])
}

/// Writes the key of an annotation in quotes. Filter expressions accept only `[A-Za-z0-9_]`; other
/// characters become `_`.
pub(crate) fn write_key(out: &mut Vec<u8>, key: &str) {
    out.push(b'"');
    let safe = |c: char| if c.is_ascii_alphanumeric() { c as u8 } else { b'_' };
    out.extend(key.chars().take(MAX_KEY_CHARS).map(safe));
    out.push(b'"');
}

/// Whether two keys are the same key to X-Ray.
pub(crate) fn same_key(one: &str, other: &str) -> bool {
    let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    one.chars().take(MAX_KEY_CHARS).map(safe).eq(other.chars().take(MAX_KEY_CHARS).map(safe))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> String {
        let mut out = Vec::new();
        write_name(&mut out, text);
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn names_keep_the_characters_that_x_ray_accepts() {
        assert_eq!(
            name("GET /api/activities/{id}/status/{activity_uuid}"),
            "GET /api/activities/id/status/activity_uuid"
        );
        assert_eq!(name("a?b;c*d(e)f!g$h~i^j<k>l|m\"n'o\u{0}p"), "abcdefghijklmnop");
        assert_eq!(name(r"Größe_1.:/%&#=+\-@"), r"Größe_1.:/%&#=+\-@");
    }

    #[test]
    fn a_name_without_allowed_characters_gets_the_default_name() {
        assert_eq!(name(""), DEFAULT_NAME);
        assert_eq!(name("{}!  "), DEFAULT_NAME);
    }

    #[test]
    fn a_long_name_is_cut_at_two_hundred_characters() {
        assert_eq!(name(&"ö".repeat(500)).chars().count(), MAX_NAME_CHARS);
    }

    #[test]
    fn keys_consist_of_letters_digits_and_underscores() {
        let mut out = Vec::new();
        write_key(&mut out, "app.result-length ö");
        assert_eq!(out, b"\"app_result_length__\"");
        assert!(same_key("app.now", "app_now") && !same_key("app.now", "app.then"));
    }
}
