//! Checks the lengths of strings in a document.

use serde_json::Value;

use super::findings::Findings;

/// The longest string other than a name ("Segment documents").
pub(super) const MAX_CHARACTERS: usize = 250;

/// Checks every string in a value. `path` names the value in the text of a violation.
pub(super) fn check_strings(path: &str, value: &Value, findings: &mut Findings) {
    match value {
        Value::String(text) if text.chars().count() > MAX_CHARACTERS => {
            let characters = text.chars().count();
            let detail = format!("{path} has {characters} characters, X-Ray accepts {MAX_CHARACTERS}");
            findings.violate("string-too-long", detail);
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                check_strings(&format!("{path}.{name}"), value, findings);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| check_strings(path, value, findings)),
        _ => (),
    }
}
