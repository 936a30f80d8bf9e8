//! Checks annotations and metadata.

use serde_json::Value;

use super::findings::Findings;
use super::strings::MAX_CHARACTERS;

/// X-Ray indexes 50 annotations per trace.
const MAX_ANNOTATIONS: usize = 50;

pub(super) fn check(annotations: &Value, findings: &mut Findings) {
    let Some(fields) = annotations.as_object() else {
        if !annotations.is_null() {
            findings.reject("InvalidSegment", "annotations is not an object");
        }
        return;
    };
    if fields.len() > MAX_ANNOTATIONS {
        let detail = format!("{} annotations, X-Ray indexes {MAX_ANNOTATIONS} per trace", fields.len());
        findings.violate("too-many-annotations", detail);
    }
    for (key, value) in fields {
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            let detail = format!("annotation `{key}` has characters other than letters, digits and underscores");
            findings.violate("annotation-key-invalid", detail);
        }
        match value {
            Value::Bool(_) | Value::Number(_) => (),
            Value::String(text) if text.chars().count() <= MAX_CHARACTERS => (),
            Value::String(text) => {
                let characters = text.chars().count();
                let detail = format!("annotation `{key}` has {characters} characters, X-Ray accepts {MAX_CHARACTERS}");
                findings.violate("string-too-long", detail);
            }
            _ => {
                let detail = format!("annotation `{key}` is not a string, number or bool");
                findings.violate("annotation-type-invalid", detail);
            }
        }
    }
}

/// Checks metadata, which is an object of namespaces.
pub(super) fn check_metadata(metadata: &Value, findings: &mut Findings) {
    let Some(namespaces) = metadata.as_object() else {
        if !metadata.is_null() {
            findings.reject("InvalidSegment", "metadata is not an object");
        }
        return;
    };
    for (name, namespace) in namespaces {
        if name.starts_with("AWS.") {
            findings
                .violate("metadata-reserved", format!("metadata `{name}`: X-Ray reserves keys that begin with AWS."));
        }
        if !namespace.is_object() {
            let detail = format!("metadata `{name}` is not an object; put the value into a namespace");
            findings.violate("metadata-namespace", detail);
        }
    }
}
