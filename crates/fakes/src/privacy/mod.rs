//! What may stand in no delivery: keys, tokens, cookies, mail addresses. Each is complained of by its place, and blotted out before it is kept.

mod secret;

use std::fmt;

use secret::{BLOT, blotted, is_secret, is_told};
use serde_json::{Map, Value};

use crate::Violation;

/// Values nest no deeper for us.
const DEPTH: usize = 200;

/// Where a value stands; written out only where there is something to complain of.
struct Place<'a> {
    above: Option<&'a Place<'a>>,
    name: &'a str,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(above) = self.above {
            write!(formatter, "{above}.")?;
        }
        formatter.write_str(self.name)
    }
}

/// Complains of every secret below `value`, and blots it out.
pub(crate) fn cleanse(value: &mut Value, place: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    walk(value, &Place { above: None, name: place }, DEPTH, &mut violations);
    violations
}

/// The same for an object's fields.
pub(crate) fn cleanse_fields(fields: &mut Map<String, Value>, place: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    walk_fields(fields, &Place { above: None, name: place }, DEPTH, &mut violations);
    violations
}

/// The same for one text.
pub(crate) fn cleanse_text(text: &mut String, place: &str) -> Option<Violation> {
    let (rule, blotted) = blotted(text)?;
    *text = blotted;
    Some(Violation::new(rule, place))
}

fn walk(value: &mut Value, place: &Place<'_>, depth: usize, violations: &mut Vec<Violation>) {
    match value {
        _ if depth == 0 => (),
        Value::String(text) => {
            if let Some((rule, blotted)) = blotted(text) {
                *text = blotted;
                violations.push(Violation::new(rule, place.to_string()));
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| walk(value, place, depth - 1, violations)),
        Value::Object(fields) => walk_fields(fields, place, depth, violations),
        Value::Null | Value::Bool(_) | Value::Number(_) => (),
    }
}

fn walk_fields(fields: &mut Map<String, Value>, above: &Place<'_>, depth: usize, violations: &mut Vec<Violation>) {
    for (name, value) in fields {
        let place = Place { above: Some(above), name };
        if is_secret(name) && is_told(value) {
            violations.push(Violation::new("secret-unscrubbed", place.to_string()));
            *value = Value::from(BLOT);
        } else {
            walk(value, &place, depth - 1, violations);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(mut value: Value) -> (Vec<(&'static str, String)>, String) {
        let violations =
            cleanse(&mut value, "data").into_iter().map(|violation| (violation.rule, violation.detail)).collect();
        (violations, value.to_string())
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
            let (violations, left) = found(json!({ "note": [text] }));
            assert_eq!(violations, [(rule, "data.note".to_owned())], "{text}");
            assert!(
                left.contains(BLOT) && !left.contains("eyJ") && !left.contains("example") && !left.contains("hqk4"),
                "{left}"
            );
        }
    }

    #[test]
    fn fields_that_hold_secrets_have_to_be_scrubbed() {
        let (violations, left) = found(json!({
            "headers": { "Cookie": "id=7", "X-Honeycomb-Team": "********", "User-Agent": "curl/8" },
            "http.request.header.authorization": ["Basic abc"],
            "password": "[REDACTED]", "token": null,
        }));
        let places: Vec<_> = violations.iter().map(|(_, place)| place.as_str()).collect();
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
