//! What a secret looks like, by its field's name or by itself.

use std::borrow::Cow;

use serde_json::Value;

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
pub(super) const BLOT: &str = "…";

/// By the last part of the name: `http.request.header.cookie` is a cookie.
pub(super) fn is_secret(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    SECRET_FIELDS.iter().any(|field| field.eq_ignore_ascii_case(last))
}

/// Whether something is there that has not been scrubbed: asterisks, a dash or a word that says so.
pub(super) fn is_told(value: &Value) -> bool {
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
pub(super) fn blotted(text: &str) -> Option<(&'static str, String)> {
    let decoded = if text.contains("%40") { Cow::from(text.replace("%40", "@")) } else { Cow::from(text) };
    let words = decoded.split(|letter: char| !letter.is_ascii_alphanumeric() && !"_.@+-".contains(letter));
    let secrets: Vec<_> = words.filter_map(|word| Some((rule_of(word)?, word))).collect();
    let (rule, _) = *secrets.first()?;
    let blotted = secrets.iter().fold(decoded.to_string(), |text, (_, word)| text.replace(word, BLOT));
    Some((rule, blotted))
}

fn rule_of(word: &str) -> Option<&'static str> {
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
