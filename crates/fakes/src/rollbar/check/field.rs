//! Checks of single fields. Each names the field's path in its message.

use serde_json::Value;

use super::findings::Findings;

/// Checks that the field is absent or a string of at most so many characters.
pub(super) fn string(parent: &Value, path: &str, name: &str, max_characters: usize, findings: &mut Findings) {
    match &parent[name] {
        Value::Null => (),
        Value::String(text) if text.chars().count() <= max_characters => (),
        Value::String(_) => findings.reject(format!("{path}.{name} is longer than {max_characters} characters")),
        _ => findings.reject(format!("{path}.{name} is not a string")),
    }
}

/// Checks that the field is a string with at least one character.
pub(super) fn required(parent: &Value, path: &str, name: &str, findings: &mut Findings) {
    match &parent[name] {
        Value::String(text) if !text.is_empty() => (),
        Value::String(_) => findings.reject(format!("{path}.{name} is empty")),
        Value::Null => findings.reject(format!("{path}.{name} is required")),
        _ => findings.reject(format!("{path}.{name} is not a string")),
    }
}

/// Checks that the field is absent or an integer.
pub(super) fn integer(parent: &Value, path: &str, name: &str, findings: &mut Findings) {
    let value = &parent[name];
    if !value.is_null() && !value.is_i64() && !value.is_u64() {
        findings.reject(format!("{path}.{name} is not an integer"));
    }
}

/// Checks that the field is absent or an object.
pub(super) fn object(parent: &Value, path: &str, name: &str, findings: &mut Findings) {
    let value = &parent[name];
    if !value.is_null() && !value.is_object() {
        findings.reject(format!("{path}.{name} is not an object"));
    }
}

/// Checks that the field is absent or one of these strings.
pub(super) fn one_of(parent: &Value, path: &str, name: &str, allowed: &[&str], findings: &mut Findings) {
    match &parent[name] {
        Value::Null => (),
        Value::String(text) if allowed.contains(&text.as_str()) => (),
        _ => findings.reject(format!("{path}.{name} is not one of {}", allowed.join(", "))),
    }
}
