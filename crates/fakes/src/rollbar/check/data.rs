//! Checks the fields of `data` except for its body.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::field::{integer, object, one_of, required, string};
use super::findings::Findings;

/// The levels, most severe first.
pub(super) const LEVELS: [&str; 5] = ["critical", "error", "warning", "info", "debug"];

/// The documented fields of `data`. Rollbar stores others too, but advises `custom` for them.
const KNOWN_FIELDS: [&str; 19] = [
    "environment",
    "body",
    "level",
    "timestamp",
    "code_version",
    "platform",
    "language",
    "framework",
    "context",
    "request",
    "person",
    "server",
    "client",
    "custom",
    "attributes",
    "fingerprint",
    "title",
    "uuid",
    "notifier",
];

/// Rollbar hashes a longer fingerprint.
const MAX_FINGERPRINT_CHARACTERS: usize = 40;

/// The limit of fields for which Rollbar documents none. It finds mistakes.
const DEFAULT_MAX_CHARACTERS: usize = 255;

/// A clock error is smaller than a day. A larger difference means that the time is in milliseconds.
const DAY: Duration = Duration::from_secs(24 * 3600);

pub(super) fn check(data: &Value, now: SystemTime, findings: &mut Findings) {
    required(data, "data", "environment", findings);
    string(data, "data", "environment", 255, findings);
    one_of(data, "data", "level", &LEVELS, findings);
    integer(data, "data", "timestamp", findings);
    string(data, "data", "code_version", 40, findings);
    for name in ["platform", "language", "framework", "context"] {
        string(data, "data", name, DEFAULT_MAX_CHARACTERS, findings);
    }
    string(data, "data", "title", 255, findings);
    check_uuid(data, findings);
    for name in ["request", "person", "server", "client", "custom", "notifier"] {
        object(data, "data", name, findings);
    }
    check_person(&data["person"], findings);
    string(&data["server"], "data.server", "host", DEFAULT_MAX_CHARACTERS, findings);
    string(&data["notifier"], "data.notifier", "name", DEFAULT_MAX_CHARACTERS, findings);
    string(&data["notifier"], "data.notifier", "version", DEFAULT_MAX_CHARACTERS, findings);
    check_attributes(&data["attributes"], findings);
    check_unenforced(data, now, findings);
}

/// Checks that `uuid` has at most 36 characters of latin1.
fn check_uuid(data: &Value, findings: &mut Findings) {
    string(data, "data", "uuid", 36, findings);
    if data["uuid"].as_str().is_some_and(|uuid| uuid.is_empty() || uuid.chars().any(|letter| u32::from(letter) > 0xff))
    {
        findings.reject("data.uuid is not 1 to 36 characters of latin1");
    }
}

fn check_person(person: &Value, findings: &mut Findings) {
    if person.is_object() {
        required(person, "data.person", "id", findings);
        string(person, "data.person", "id", 40, findings);
        string(person, "data.person", "username", 255, findings);
        string(person, "data.person", "email", 255, findings);
    }
}

fn check_attributes(attributes: &Value, findings: &mut Findings) {
    match attributes {
        Value::Null => (),
        Value::Array(pairs) if pairs.iter().all(|pair| pair["key"].is_string() && !pair["value"].is_null()) => (),
        _ => findings.reject("data.attributes is not a list of objects with key and value"),
    }
}

/// Checks rules that Rollbar does not enforce. It accepts the item, but the effect is not what its
/// sender wants.
fn check_unenforced(data: &Value, now: SystemTime, findings: &mut Findings) {
    for name in data.as_object().into_iter().flat_map(serde_json::Map::keys) {
        if !KNOWN_FIELDS.contains(&name.as_str()) {
            findings
                .violate("data-field-unknown", format!("data.{name} is unknown to Rollbar; move it to data.custom"));
        }
    }
    let fingerprint_characters = data["fingerprint"].as_str().map_or(0, |text| text.chars().count());
    if fingerprint_characters > MAX_FINGERPRINT_CHARACTERS {
        let detail = format!(
            "data.fingerprint has {fingerprint_characters} characters, Rollbar hashes more than \
             {MAX_FINGERPRINT_CHARACTERS}"
        );
        findings.violate("fingerprint-too-long", detail);
    }
    if let Some(seconds) = data["timestamp"].as_u64() {
        let time = UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
        if time.is_none_or(|time| difference(time, now) > DAY) {
            let detail = format!("data.timestamp is {seconds}, more than a day from now; use seconds since 1970");
            findings.violate("timestamp-not-seconds", detail);
        }
    }
    if !data["uuid"].is_string() {
        findings.violate("uuid-missing", "data.uuid is missing, so that a retry would create a second occurrence");
    }
}

fn difference(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other).unwrap_or_else(|error| error.duration())
}
