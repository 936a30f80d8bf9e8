//! Recognises secrets by the name of their field or by their form.

use std::borrow::Cow;
use std::fmt::Display;

use serde_json::Value;

use crate::Violation;

/// Fields and headers whose values are secrets.
///
/// The list is the union of the names that pyrollbar and rollbar.js scrub, and of the headers of
/// Honeycomb, Rollbar and AWS.
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

/// Replaces a secret.
pub(super) const PLACEHOLDER: &str = "…";

/// The kind of a secret.
#[derive(Debug, Clone, Copy)]
pub(super) enum SecretKind {
    /// The value of a field in [`SECRET_FIELDS`].
    Field,
    Token,
    Key,
    MailAddress,
}

impl SecretKind {
    fn of(word: &str) -> Option<Self> {
        if is_jwt(word) {
            Some(Self::Token)
        } else if is_key(word) {
            Some(Self::Key)
        } else if is_mail_address(word) {
            Some(Self::MailAddress)
        } else {
            None
        }
    }

    /// Returns the violation for a secret of this kind at `path`.
    pub(super) fn violation(self, path: impl Display) -> Violation {
        let (rule, contents) = match self {
            Self::Field => ("secret-exposed", "a secret"),
            Self::Token => ("token-exposed", "a JSON Web Token"),
            Self::Key => ("key-exposed", "an API key"),
            Self::MailAddress => ("mail-address-exposed", "a mail address"),
        };
        Violation::new(rule, format!("{path} contains {contents}; redact it before sending"))
    }
}

/// Returns whether the last part of the name is that of a secret, as in
/// `http.request.header.cookie`.
pub(super) fn is_secret_field(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    SECRET_FIELDS.iter().any(|field| field.eq_ignore_ascii_case(last))
}

/// Returns whether the value holds text that its sender did not redact.
///
/// Asterisks, a dash and words such as `[REDACTED]` count as redacted.
pub(super) fn is_unredacted(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            let text = text.to_ascii_lowercase();
            text.chars().any(char::is_alphanumeric)
                && !["redacted", "scrubbed", "filtered"].iter().any(|word| text.contains(word))
        }
        Value::Array(values) => values.iter().any(is_unredacted),
        _ => false,
    }
}

/// Returns the text without its secrets, and the kind of the first of them.
pub(super) fn redact_words(text: &str) -> Option<(SecretKind, String)> {
    let decoded = if text.contains("%40") { Cow::from(text.replace("%40", "@")) } else { Cow::from(text) };
    let words = decoded.split(|letter: char| !letter.is_ascii_alphanumeric() && !"_.@+-".contains(letter));
    let secrets: Vec<_> = words.filter_map(|word| Some((SecretKind::of(word)?, word))).collect();
    let (kind, _) = *secrets.first()?;
    let redacted = secrets.iter().fold(decoded.to_string(), |text, (_, word)| text.replace(word, PLACEHOLDER));
    Some((kind, redacted))
}

/// Returns whether the word is a JSON Web Token: three parts, the first of which begins with `{"`
/// in base64.
fn is_jwt(word: &str) -> bool {
    word.starts_with("eyJ") && word.split('.').filter(|part| part.len() > 3).count() == 3
}

/// Returns whether the word is a Honeycomb key with a prefix, or an AWS access key id.
fn is_key(word: &str) -> bool {
    let is_honeycomb_key = word.starts_with("hc")
        && word.len() > 24
        && ["ik_", "ic_", "lk_", "mk_"].contains(&word.get(3..6).unwrap_or(""));
    let is_aws_key_id = (word.starts_with("AKIA") || word.starts_with("ASIA"))
        && word.len() == 20
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_honeycomb_key || is_aws_key_id
}

/// Returns whether the word is a mail address: a name, an at sign and a domain that ends with
/// letters.
fn is_mail_address(word: &str) -> bool {
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
