//! Redacts secrets in deliveries before the fake stores them, and records a violation for each.
//!
//! Secrets are keys, tokens, cookies and mail addresses.

mod secret;

use std::fmt;

use secret::{PLACEHOLDER, SecretKind, is_secret_field, is_unredacted, redact_words};
use serde_json::{Map, Value};

use crate::Violation;

/// Values that are nested deeper are not searched. It bounds the recursion.
const MAX_DEPTH: usize = 200;

/// The path of a value. It is formatted only for a violation.
struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    name: &'a str,
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(formatter, "{parent}.")?;
        }
        formatter.write_str(self.name)
    }
}

/// Redacts every secret in `value` and returns a violation for each, with its path below `path`.
pub(crate) fn redact(value: &mut Value, path: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    redact_value(value, &Path { parent: None, name: path }, MAX_DEPTH, &mut violations);
    violations
}

/// Redacts the fields of an object as [`redact`] does.
pub(crate) fn redact_object(fields: &mut Map<String, Value>, path: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    redact_fields(fields, &Path { parent: None, name: path }, MAX_DEPTH, &mut violations);
    violations
}

/// Redacts one text as [`redact`] does.
pub(crate) fn redact_text(text: &mut String, path: &str) -> Option<Violation> {
    let (kind, redacted) = redact_words(text)?;
    *text = redacted;
    Some(kind.violation(path))
}

fn redact_value(value: &mut Value, path: &Path<'_>, depth: usize, violations: &mut Vec<Violation>) {
    match value {
        _ if depth == 0 => (),
        Value::String(text) => {
            if let Some((kind, redacted)) = redact_words(text) {
                *text = redacted;
                violations.push(kind.violation(path));
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| redact_value(value, path, depth - 1, violations)),
        Value::Object(fields) => redact_fields(fields, path, depth, violations),
        Value::Null | Value::Bool(_) | Value::Number(_) => (),
    }
}

fn redact_fields(fields: &mut Map<String, Value>, parent: &Path<'_>, depth: usize, violations: &mut Vec<Violation>) {
    for (name, value) in fields {
        let path = Path { parent: Some(parent), name };
        if is_secret_field(name) && is_unredacted(value) {
            violations.push(SecretKind::Field.violation(&path));
            *value = Value::from(PLACEHOLDER);
        } else {
            redact_value(value, &path, depth - 1, violations);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn redacted(mut value: Value) -> (Vec<(&'static str, String)>, String) {
        let violations =
            redact(&mut value, "data").into_iter().map(|violation| (violation.rule, violation.detail)).collect();
        (violations, value.to_string())
    }

    #[test]
    fn secrets_in_texts_are_reported_with_their_path_and_redacted() {
        for (text, rule, contents) in [
            ("Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1LTE3In0.c2lnbmF0dXJl", "token-exposed", "a JSON Web Token"),
            ("key hcaik_01hqk4k20cjeh63wca8vva5stw0000 is wrong", "key-exposed", "an API key"),
            ("id=AKIAIOSFODNN7EXAMPLE;", "key-exposed", "an API key"),
            ("no user andrew@example.com here", "mail-address-exposed", "a mail address"),
            ("/api?term=andrew%40example.co.uk", "mail-address-exposed", "a mail address"),
        ] {
            let (violations, left) = redacted(json!({ "note": [text] }));
            let detail = format!("data.note contains {contents}; redact it before sending");
            assert_eq!(violations, [(rule, detail)], "{text}");
            assert!(
                left.contains(PLACEHOLDER)
                    && !left.contains("eyJ")
                    && !left.contains("example")
                    && !left.contains("hqk4"),
                "{left}"
            );
        }
    }

    #[test]
    fn fields_that_hold_secrets_must_be_redacted_by_the_sender() {
        let (violations, left) = redacted(json!({
            "headers": { "Cookie": "id=7", "X-Honeycomb-Team": "********", "User-Agent": "curl/8" },
            "http.request.header.authorization": ["Basic abc"],
            "password": "[REDACTED]", "token": null,
        }));
        let paths: Vec<_> = violations.iter().map(|(_, detail)| detail.split(' ').next().unwrap()).collect();
        assert_eq!(paths, ["data.headers.Cookie", "data.http.request.header.authorization"]);
        assert!(!left.contains("id=7") && !left.contains("Basic"), "{left}");
    }

    #[test]
    fn a_text_that_only_resembles_a_secret_is_unchanged() {
        let harmless = json!({
            "handle": "@andrewbrown", "path": "/api/activities/@andrewbrown", "symbol": "memcpy@GLIBC_2.2.5",
            "text": "eyJ is how JSON begins; hcaik_ a key; mail a@b", "version": "1.2.3", "arrow": "a@@b.com",
        });
        assert_eq!(redacted(harmless.clone()), (Vec::new(), harmless.to_string()));
    }
}
