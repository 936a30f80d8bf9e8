//! Masks what must never be told: tokens, credentials, cookies, e-mail addresses, in any text on its way out.

use std::borrow::Cow;

/// What stands where a secret stood.
pub const MASK: &str = "[scrubbed]";

/// Words that announce a secret: what follows them and one of `:`, `=`, is masked up to the end of the value.
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

/// Parameters of signed addresses, by the HTTP conventions' list.
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

/// Whether a field of this name is masked whatever it holds.
pub fn is_secret_key(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let alike = |one: u8, other: u8| one.eq_ignore_ascii_case(&other) || (one == b'_' && other == b'-');
    let is_alike = |key: &str| last.bytes().zip(key.bytes()).all(|(one, other)| alike(one, other));
    SECRET_KEYS.iter().any(|key| key.len() == last.len() && is_alike(key))
}

/// The text with JSON Web Tokens, `Authorization` and cookie values, vendors' keys and e-mail addresses masked. Borrowed
/// when there is nothing to mask, which is found in one pass.
#[must_use]
pub fn scrub(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut kept = 0;
    let mut at = 0;
    while let Some((start, end)) = next_secret(text, at) {
        // An address can begin before the place where the search stood, never before what is already copied.
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

/// A query string with the values of credentials masked, and everything that `scrub` masks.
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

/// The next secret at or after `from`, as a range of bytes on character boundaries.
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

/// Honeycomb's ingest and management keys begin with `hc`, two letters of region and kind, and an underscore.
fn is_honeycomb_key(bytes: &[u8]) -> bool {
    matches!(bytes, [b'h', b'c', _, b'i' | b'm', b'c' | b'k', b'_', ..]) || bytes.starts_with(b"hcaik_")
}

/// `eyJ` and at least 17 more characters of base64 and dots: a token or its first part.
fn token(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    const SHORTEST: usize = 20;
    let begins_word = at == 0 || !is_word(bytes[at - 1]);
    let end = word_end(bytes, at);
    (begins_word && end - at >= SHORTEST).then_some((at, end))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+' | b'/' | b'=')
}

fn word_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| !is_word(*byte)).map_or(bytes.len(), |length| at + length)
}

/// An address around an `@` that stands at `at` and is followed by the host at `host`. `@handle` has nothing before it,
/// and a host without a dot is no address.
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

/// The value behind a key of `SECRET_KEYS` that ends right before the mark at `at`, quotes and all.
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

/// The value that begins at or after `from`: in quotes up to the closing one, else up to what ends a header or parameter.
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
    fn secrets_are_masked_wherever_they_stand() {
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
    fn what_is_no_secret_stays_and_costs_no_copy() {
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
    fn credentials_in_a_query_are_masked_by_the_names_of_their_parameters() {
        assert_eq!(
            scrub_query("term=rust&X-Amz-Signature=abc&sig=def"),
            format!("term=rust&X-Amz-Signature={MASK}&sig={MASK}")
        );
        assert_eq!(scrub_query("term=rust&limit=3"), "term=rust&limit=3");
    }

    #[test]
    fn fields_named_like_secrets_are_known() {
        assert!(
            ["authorization", "http.request.header.cookie", "Set-Cookie", "api_key", "x_honeycomb_team"]
                .iter()
                .all(|key| is_secret_key(key))
        );
        assert!(["route", "cookie_count", "keyboard", "author"].iter().all(|key| !is_secret_key(key)));
    }

    proptest! {
        #[test]
        fn a_token_in_any_text_is_masked_and_masking_again_changes_nothing(before in ".{0,40}", after in ".{0,40}") {
            let text = format!("{before} {JWT} {after}");
            let once = scrub(&text).into_owned();
            prop_assert!(!once.contains(JWT));
            prop_assert_eq!(scrub(&once).into_owned(), once.clone());
        }

        #[test]
        fn text_without_marks_is_returned_as_it_is(text in "[a-zA-Z0-9 ,.!/-]{0,80}") {
            prop_assume!(!text.to_lowercase().contains("bearer ") && !text.contains("eyJ") && !text.contains("hc"));
            prop_assert_eq!(scrub(&text), text.as_str());
        }
    }
}
