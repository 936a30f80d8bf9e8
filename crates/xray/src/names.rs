//! What X-Ray takes as a name or a key.

use super::json::write_char;

/// A name's longest, in characters.
const MAX_NAME_CHARS: usize = 200;

/// A key's longest: X-Ray takes 500, and a key that long is a mistake.
const MAX_KEY_CHARS: usize = 200;

/// What a span is called when none of its name's characters is allowed.
const NAMELESS: &str = "span";

/// What a name may hold beside letters, digits and white space, less the backslash, which JSON writes otherwise.
const MARKS: &str = "_.:/%&#=+-@";

/// Writes a segment's name in quotes: letters, digits, white space and `_ . : / % & # = + \ - @`. What else a name holds is
/// left away, so a route template loses its braces.
pub(super) fn write_name(out: &mut Vec<u8>, name: &str) {
    out.push(b'"');
    let start = out.len();
    if name.len() <= MAX_NAME_CHARS && name.bytes().all(is_plain) {
        // As most names are.
        out.extend_from_slice(name.as_bytes());
    } else {
        let allowed = |c: &char| c.is_alphanumeric() || c.is_whitespace() || *c == '\\' || MARKS.contains(*c);
        name.chars().filter(allowed).take(MAX_NAME_CHARS).for_each(|c| write_char(out, c));
    }
    if out[start..].iter().all(u8::is_ascii_whitespace) {
        out.truncate(start);
        out.extend_from_slice(NAMELESS.as_bytes());
    }
    out.push(b'"');
}

/// What is allowed and means itself in JSON.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b' ' || MARKS.as_bytes().contains(&byte)
}

/// The start of a name that has to leave room for `more` characters.
pub(super) fn cut(name: &str, more: usize) -> &str {
    name.char_indices().nth(MAX_NAME_CHARS - more).map_or(name, |(at, _)| &name[..at])
}

/// Writes an annotation's key in quotes: filters find only `[A-Za-z0-9_]`, every other character becomes `_`.
pub(super) fn write_key(out: &mut Vec<u8>, key: &str) {
    out.push(b'"');
    let safe = |c: char| if c.is_ascii_alphanumeric() { c as u8 } else { b'_' };
    out.extend(key.chars().take(MAX_KEY_CHARS).map(safe));
    out.push(b'"');
}

/// Whether two keys are one key to X-Ray.
pub(super) fn same_key(one: &str, other: &str) -> bool {
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
    fn names_keep_what_x_ray_takes_and_nothing_else() {
        assert_eq!(
            name("GET /api/activities/{id}/status/{activity_uuid}"),
            "GET /api/activities/id/status/activity_uuid"
        );
        assert_eq!(name("a?b;c*d(e)f!g$h~i^j<k>l|m\"n'o\u{0}p"), "abcdefghijklmnop");
        assert_eq!(name(r"Größe_1.:/%&#=+\-@"), r"Größe_1.:/%&#=+\-@");
    }

    #[test]
    fn a_name_of_nothing_allowed_is_still_a_name() {
        assert_eq!(name(""), NAMELESS);
        assert_eq!(name("{}!  "), NAMELESS);
    }

    #[test]
    fn a_long_name_ends_at_two_hundred_characters() {
        assert_eq!(name(&"ö".repeat(500)).chars().count(), MAX_NAME_CHARS);
    }

    #[test]
    fn keys_are_letters_digits_and_underscores() {
        let mut out = Vec::new();
        write_key(&mut out, "app.result-length ö");
        assert_eq!(out, b"\"app_result_length__\"");
        assert!(same_key("app.now", "app_now") && !same_key("app.now", "app.then"));
    }
}
