//! What may stand in no delivery: keys, tokens, cookies, mail addresses. Each is complained of by its place, and blotted out before it is kept.

use serde_json::Value;

use crate::Complaint;

/// Fields and headers whose values are secrets: the union of what Rollbar's SDKs scrub, and our vendors' own.
const SECRET_FIELDS: [&str; 30] = [
    "access_token",
    "accesstoken",
    "api_key",
    "auth",
    "authentication",
    "authorization",
    "cookie",
    "cookies",
    "csrf",
    "http_authorization",
    "oauth_token",
    "oauth-access-token",
    "pass",
    "passwd",
    "password",
    "password_confirmation",
    "proxy-authorization",
    "pw",
    "secret",
    "secret_key",
    "secrettoken",
    "set-cookie",
    "token",
    "www-authorization",
    "x-access-token",
    "x-amz-security-token",
    "x-api-key",
    "x-csrf-token",
    "x-honeycomb-team",
    "x-rollbar-access-token",
];

/// Stands where something was blotted out.
const BLOT: &str = "…";

/// Values nest no deeper for us.
const DEPTH: usize = 200;

/// Complains of every secret below `value`, and blots it out.
pub(crate) fn cleanse(value: &mut Value, place: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    walk(value, place, DEPTH, &mut complaints);
    complaints
}

/// The same for one text.
pub(crate) fn cleanse_text(text: &mut String, place: &str) -> Option<Complaint> {
    let (rule, blotted) = blotted(text)?;
    *text = blotted;
    Some(Complaint::new(rule, place))
}

fn walk(value: &mut Value, place: &str, depth: usize, complaints: &mut Vec<Complaint>) {
    match value {
        _ if depth == 0 => (),
        Value::String(text) => complaints.extend(cleanse_text(text, place)),
        Value::Array(values) => values.iter_mut().for_each(|value| walk(value, place, depth - 1, complaints)),
        Value::Object(fields) => {
            for (name, value) in fields {
                let place = format!("{place}.{name}");
                if is_secret(name) && is_told(value) {
                    complaints.push(Complaint::new("secret-unscrubbed", &place));
                    *value = Value::from(BLOT);
                } else {
                    walk(value, &place, depth - 1, complaints);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => (),
    }
}

/// By the last part of the name: `http.request.header.cookie` is a cookie.
fn is_secret(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    SECRET_FIELDS.contains(&last.as_str())
}

/// Whether something is there that has not been scrubbed: asterisks, a dash or a word that says so.
fn is_told(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            let text = text.to_ascii_lowercase();
            text.chars().any(char::is_alphanumeric)
                && !["redacted", "scrubbed", "filtered"].iter().any(|word| text.contains(word))
        }
        Value::Array(values) => values.iter().any(is_told),
        _ => false,
    }
}

/// The text with its secrets blotted out, and the rule that the first of them breaks.
fn blotted(text: &str) -> Option<(&'static str, String)> {
    let decoded = if text.contains("%40") { text.replace("%40", "@") } else { text.to_owned() };
    let words = decoded.split(|letter: char| !letter.is_ascii_alphanumeric() && !"_.@+-".contains(letter));
    let secrets: Vec<_> = words.filter_map(|word| Some((secret(word)?, word))).collect();
    let (rule, _) = *secrets.first()?;
    let blotted = secrets.iter().fold(decoded.clone(), |text, (_, word)| text.replace(word, BLOT));
    Some((rule, blotted))
}

fn secret(word: &str) -> Option<&'static str> {
    if is_token(word) {
        Some("token-in-clear")
    } else if is_key(word) {
        Some("key-in-clear")
    } else if is_mail(word) {
        Some("mail-in-clear")
    } else {
        None
    }
}

/// A signed token: three parts, the first of which begins as `{"` does in base64.
fn is_token(word: &str) -> bool {
    word.starts_with("eyJ") && word.split('.').filter(|part| part.len() > 3).count() == 3
}

/// A key of Honeycomb's newer kinds, or the id of an AWS key.
fn is_key(word: &str) -> bool {
    let is_honeycombs = word.starts_with("hc")
        && word.len() > 24
        && ["ik_", "ic_", "lk_", "mk_"].contains(&word.get(3..6).unwrap_or(""));
    let is_awss = (word.starts_with("AKIA") || word.starts_with("ASIA"))
        && word.len() == 20
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_honeycombs || is_awss
}

/// An address: something, an at sign, and a domain whose last part is a word.
fn is_mail(word: &str) -> bool {
    let Some((name, domain)) = word.trim_matches(|letter| ".-_+".contains(letter)).split_once('@') else {
        return false;
    };
    let Some((host, last)) = domain.rsplit_once('.') else { return false };
    !name.is_empty()
        && !host.is_empty()
        && !host.contains('@')
        && last.len() >= 2
        && last.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(mut value: Value) -> (Vec<(&'static str, String)>, String) {
        let complaints =
            cleanse(&mut value, "data").into_iter().map(|complaint| (complaint.rule, complaint.detail)).collect();
        (complaints, value.to_string())
    }

    #[test]
    fn secrets_in_texts_are_found_by_their_place_and_blotted_out() {
        for (text, rule) in [
            ("Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1LTE3In0.c2lnbmF0dXJl", "token-in-clear"),
            ("key hcaik_01hqk4k20cjeh63wca8vva5stw0000 is wrong", "key-in-clear"),
            ("id=AKIAIOSFODNN7EXAMPLE;", "key-in-clear"),
            ("no user andrew@example.com here", "mail-in-clear"),
            ("/api?term=andrew%40example.co.uk", "mail-in-clear"),
        ] {
            let (complaints, left) = found(json!({ "note": [text] }));
            assert_eq!(complaints, [(rule, "data.note".to_owned())], "{text}");
            assert!(
                left.contains(BLOT) && !left.contains("eyJ") && !left.contains("example") && !left.contains("hqk4"),
                "{left}"
            );
        }
    }

    #[test]
    fn fields_that_hold_secrets_have_to_be_scrubbed() {
        let (complaints, left) = found(json!({
            "headers": { "Cookie": "id=7", "X-Honeycomb-Team": "********", "User-Agent": "curl/8" },
            "http.request.header.authorization": ["Basic abc"],
            "password": "[REDACTED]", "token": null,
        }));
        let places: Vec<_> = complaints.iter().map(|(_, place)| place.as_str()).collect();
        assert_eq!(places, ["data.headers.Cookie", "data.http.request.header.authorization"]);
        assert!(!left.contains("id=7") && !left.contains("Basic"), "{left}");
    }

    #[test]
    fn what_only_looks_like_a_secret_is_left_alone() {
        let innocent = json!({
            "handle": "@andrewbrown", "path": "/api/activities/@andrewbrown", "symbol": "memcpy@GLIBC_2.2.5",
            "text": "eyJ is how JSON begins; hcaik_ a key; mail a@b", "version": "1.2.3", "arrow": "a@@b.com",
        });
        assert_eq!(found(innocent.clone()), (Vec::new(), innocent.to_string()));
    }
}
