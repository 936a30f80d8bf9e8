//! Masks secrets in text: tokens, credentials, cookies, vendor keys and e-mail addresses.

use std::borrow::Cow;

/// The replacement for a secret.
pub const MASK: &str = "[scrubbed]";

/// Keys of secrets. After such a key and a `:` or `=`, the value is masked up to its end.
const SECRET_KEYS: [&str; 13] = [
    "authorization",
    "set-cookie",
    "cookie",
    "x-honeycomb-team",
    "x-rollbar-access-token",
    "x-amz-security-token",
    "access_token",
    "refresh_token",
    "id_token",
    "api_key",
    "apikey",
    "password",
    "secret",
];

/// Query parameters of signed URLs, as the OpenTelemetry HTTP conventions list them, and OAuth's.
const SECRET_PARAMETERS: [&str; 9] = [
    "x-amz-signature",
    "x-amz-credential",
    "x-amz-security-token",
    "awsaccesskeyid",
    "signature",
    "sig",
    "x-goog-signature",
    "code",
    "token",
];

/// Whether the value of a field with this name is always a secret. Only the part after the last `.`
/// counts.
///
/// ```
/// assert!(crudder_text::is_secret_key("http.request.header.cookie"));
/// assert!(!crudder_text::is_secret_key("cookie_count"));
/// ```
#[must_use]
pub fn is_secret_key(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let alike = |one: u8, other: u8| one.eq_ignore_ascii_case(&other) || (one == b'_' && other == b'-');
    let is_alike = |key: &str| last.bytes().zip(key.bytes()).all(|(one, other)| alike(one, other));
    SECRET_KEYS.iter().any(|key| key.len() == last.len() && is_alike(key))
}

/// Returns the text with JSON Web Tokens, `Authorization` and cookie values, vendor keys and e-mail
/// addresses masked.
///
/// The text is borrowed if it has no secret; one pass finds out.
///
/// ```
/// use crudder_text::scrub;
///
/// assert_eq!(scrub("api_key=abcdef&page=2"), "api_key=[scrubbed]&page=2");
/// assert!(matches!(scrub("nothing secret"), std::borrow::Cow::Borrowed(_)));
/// ```
#[must_use]
pub fn scrub(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut kept = 0;
    let mut at = 0;
    while let Some((start, end)) = next_secret(text, at) {
        // An e-mail address can begin before the place where the search continued. Copied text
        // stays.
        let start = start.max(kept);
        out.push_str(&text[kept..start]);
        out.push_str(MASK);
        kept = end;
        at = end;
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[kept..]);
    Cow::Owned(out)
}

/// Returns the query string with the values of credentials masked, and everything that [`scrub`]
/// masks.
///
/// ```
/// assert_eq!(crudder_text::scrub_query("term=rust&code=42"), "term=rust&code=[scrubbed]");
/// ```
#[must_use]
pub fn scrub_query(query: &str) -> Cow<'_, str> {
    let is_secret = |pair: &str| {
        let name = pair.split('=').next().unwrap_or(pair);
        is_secret_key(name) || SECRET_PARAMETERS.iter().any(|secret| secret.eq_ignore_ascii_case(name))
    };
    if !query.split('&').any(is_secret) {
        return scrub(query);
    }
    let masked = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if is_secret(pair) => Cow::Owned(format!("{name}={MASK}")),
        _ => scrub(pair),
    });
    Cow::Owned(masked.collect::<Vec<_>>().join("&"))
}

/// Returns the next secret at or after `from` as a byte range on character boundaries.
fn next_secret(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    for at in from..bytes.len() {
        let found = match bytes[at] {
            b'@' => email(bytes, at, at + 1),
            b'%' if bytes[at..].starts_with(b"%40") => email(bytes, at, at + 3),
            b'e' if bytes[at..].starts_with(b"eyJ") => token(bytes, at),
            b'h' if is_honeycomb_key(&bytes[at..]) => Some((at, word_end(bytes, at))),
            b'B' | b'b' if starts_with(&bytes[at..], "bearer ") => value(bytes, at + "bearer ".len()),
            b':' | b'=' => keyed(bytes, at),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

fn starts_with(bytes: &[u8], word: &str) -> bool {
    bytes.len() >= word.len() && bytes[..word.len()].eq_ignore_ascii_case(word.as_bytes())
}

/// Honeycomb's ingest and management keys begin with `hc`, a letter for the region, two for the
/// kind, and an underscore.
fn is_honeycomb_key(bytes: &[u8]) -> bool {
    matches!(bytes, [b'h', b'c', _, b'i' | b'm', b'c' | b'k', b'_', ..]) || bytes.starts_with(b"hcaik_")
}

/// Matches `eyJ` and at least 17 more characters of base64 and dots: a JSON Web Token or its first
/// part.
fn token(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    const MIN_BYTES: usize = 20;
    let begins_word = at == 0 || !is_word(bytes[at - 1]);
    let end = word_end(bytes, at);
    (begins_word && end - at >= MIN_BYTES).then_some((at, end))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+' | b'/' | b'=')
}

fn word_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| !is_word(*byte)).map_or(bytes.len(), |length| at + length)
}

/// Matches an e-mail address around the `@` at `at`; its host begins at `host`. `@handle` has no
/// local part and does not match, nor does a host without a dot.
fn email(bytes: &[u8], at: usize, host: usize) -> Option<(usize, usize)> {
    let is_local =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+' | b'%') || byte >= 0x80;
    let local = bytes[..at].iter().rev().take_while(|byte| is_local(**byte)).count();
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-') || byte >= 0x80;
    let length = bytes[host..].iter().take_while(|byte| is_host(**byte)).count();
    let name = &bytes[host..host + length];
    let dotted = name.iter().position(|byte| *byte == b'.').is_some_and(|dot| dot > 0 && dot + 1 < length);
    (local > 0 && dotted).then_some((at - local, host + length))
}

/// Matches the value after a secret key. The key, with its quotes, ends right before the `:` or `=`
/// at `at`.
fn keyed(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let key_end =
        bytes[..at].iter().rposition(|byte| !matches!(byte, b' ' | b'"' | b'\'' | b'\\')).map_or(0, |last| last + 1);
    let is_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let length = bytes[..key_end].iter().rev().take_while(|byte| is_key(**byte)).count();
    let key = &bytes[key_end - length..key_end];
    let ends_secret = |secret: &str| {
        key.len() >= secret.len() && key[key.len() - secret.len()..].eq_ignore_ascii_case(secret.as_bytes())
    };
    if SECRET_KEYS.iter().any(|secret| ends_secret(secret)) { value(bytes, at + 1) } else { None }
}

/// Matches the value that begins at or after `from`: up to the closing quote, or up to the end of a
/// header or parameter.
fn value(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let skipped = bytes[from..].iter().take_while(|byte| matches!(byte, b' ' | b'\\')).count();
    let start = from + skipped;
    let quote = bytes.get(start).copied().filter(|byte| matches!(byte, b'"' | b'\''));
    let start = start + usize::from(quote.is_some());
    let ends = |byte: u8| match quote {
        Some(quote) => byte == quote || byte == b'\\',
        None => matches!(byte, b',' | b'&' | b'\n' | b'\r' | b'"' | b'\'' | b'}' | b')' | b']'),
    };
    let length = bytes[start..].iter().position(|byte| ends(*byte)).unwrap_or(bytes.len() - start);
    (length > 0 && !bytes[start..].starts_with(MASK.as_bytes())).then_some((start, start + length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const JWT: &str = "eyJraWQiOiJhYmMiLCJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl-_x";

    #[test]
    fn secrets_are_masked_in_every_context() {
        for (text, secret) in [
            (format!("caller {JWT} came"), JWT),
            (format!("Authorization: Bearer {JWT}"), JWT),
            ("authorization=Basic dXNlcjpwdw==, next".to_owned(), "dXNlcjpwdw"),
            ("{\"Cookie\":\"session=abc; other=def\"}".to_owned(), "other=def"),
            ("{\\\"cookie\\\": \\\"session=abc\\\"}".to_owned(), "session=abc"),
            ("x-honeycomb-team: 0123456789abcdef0123456789abcdef".to_owned(), "0123456789abcdef"),
            ("X-Rollbar-Access-Token: 0123456789abcdef0123456789abcdef".to_owned(), "0123456789abcdef"),
            ("ROLLBAR_ACCESS_TOKEN=0123456789abcdef0123456789abcdef".to_owned(), "0123456789abcdef"),
            ("HONEYCOMB_API_KEY=abcdefghijklmnopqrstuv".to_owned(), "abcdefghijklmnop"),
            ("key hcaik_01hqk4k20cjeh63wca8vva5stw70nft6m5n8wr8f5mjx3762s8269j50wc".to_owned(), "hcaik_01"),
            ("mail to andrew.brown+x@exampro.co now".to_owned(), "andrew"),
            ("?email=andrew%40exampro.co".to_owned(), "exampro"),
            ("jörg@exämple.de".to_owned(), "exämple"),
        ] {
            let masked = scrub(&text);
            assert!(!masked.contains(secret) && masked.contains(MASK), "{text} became {masked}");
        }
    }

    #[test]
    fn text_without_secrets_is_borrowed() {
        for text in [
            "Hello Cloudwatch! from  /api/activities/home",
            "GET /api/activities/@andrewbrown/status/b2d2a1f2 200 OK",
            "/api/activities/%40andrewbrown",
            "eyJ is how a token begins",
            "12:30 a=b, c: d",
            "the author of 1-5759e988-bd862e3fe1be46a994272793",
            "nothing secret here",
        ] {
            assert!(matches!(scrub(text), Cow::Borrowed(same) if same == text), "{text} became {}", scrub(text));
        }
    }

    #[test]
    fn credentials_in_a_query_are_masked_by_parameter_name() {
        assert_eq!(
            scrub_query("term=rust&X-Amz-Signature=abc&sig=def"),
            format!("term=rust&X-Amz-Signature={MASK}&sig={MASK}")
        );
        assert_eq!(scrub_query("term=rust&limit=3"), "term=rust&limit=3");
    }

    #[test]
    fn secret_keys_are_recognised_with_prefixes_and_separators() {
        assert!(
            ["authorization", "http.request.header.cookie", "Set-Cookie", "api_key", "x_honeycomb_team"]
                .iter()
                .all(|key| is_secret_key(key))
        );
        assert!(["route", "cookie_count", "keyboard", "author"].iter().all(|key| !is_secret_key(key)));
    }

    proptest! {
        #[test]
        fn a_token_in_any_text_is_masked_and_masking_is_idempotent(before in ".{0,40}", after in ".{0,40}") {
            let text = format!("{before} {JWT} {after}");
            let once = scrub(&text).into_owned();
            prop_assert!(!once.contains(JWT));
            prop_assert_eq!(scrub(&once).into_owned(), once.clone());
        }

        #[test]
        fn text_without_markers_is_unchanged(text in "[a-zA-Z0-9 ,.!/-]{0,80}") {
            prop_assume!(!text.to_lowercase().contains("bearer ") && !text.contains("eyJ") && !text.contains("hc"));
            prop_assert_eq!(scrub(&text), text.as_str());
        }
    }
}
