//! Rules about the fields of `data`, but for its body.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::Checked;
use super::field::{object, one_of, required, text, whole};

/// Levels, the worst first.
pub(super) const LEVELS: [&str; 5] = ["critical", "error", "warning", "info", "debug"];

/// The fields that `data` has a meaning for. Others are stored too, but belong into `custom`.
const KNOWN: [&str; 19] = [
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

/// No limit is documented for these; it keeps a mistake from going unseen.
const UNSAID: usize = 255;

/// A time that is a day off is no clock's error: it is milliseconds.
const DAY: Duration = Duration::from_secs(24 * 3600);

pub(super) fn check(data: &Value, now: SystemTime, checked: &mut Checked) {
    required(data, "data", "environment", checked);
    text(data, "data", "environment", 255, checked);
    one_of(data, "data", "level", &LEVELS, checked);
    whole(data, "data", "timestamp", checked);
    text(data, "data", "code_version", 40, checked);
    for name in ["platform", "language", "framework", "context"] {
        text(data, "data", name, UNSAID, checked);
    }
    text(data, "data", "title", 255, checked);
    uuid(data, checked);
    for name in ["request", "person", "server", "client", "custom", "notifier"] {
        object(data, "data", name, checked);
    }
    person(&data["person"], checked);
    text(&data["server"], "data.server", "host", UNSAID, checked);
    text(&data["notifier"], "data.notifier", "name", UNSAID, checked);
    text(&data["notifier"], "data.notifier", "version", UNSAID, checked);
    attributes(&data["attributes"], checked);
    habits(data, now, checked);
}

/// At most 36 characters of latin1.
fn uuid(data: &Value, checked: &mut Checked) {
    text(data, "data", "uuid", 36, checked);
    if data["uuid"].as_str().is_some_and(|uuid| uuid.is_empty() || uuid.chars().any(|letter| u32::from(letter) > 0xff))
    {
        checked.refuse("data.uuid is not 1 to 36 characters of latin1");
    }
}

fn person(person: &Value, checked: &mut Checked) {
    if person.is_object() {
        required(person, "data.person", "id", checked);
        text(person, "data.person", "id", 40, checked);
        text(person, "data.person", "username", 255, checked);
        text(person, "data.person", "email", 255, checked);
    }
}

fn attributes(attributes: &Value, checked: &mut Checked) {
    match attributes {
        Value::Null => (),
        Value::Array(pairs) if pairs.iter().all(|pair| pair["key"].is_string() && !pair["value"].is_null()) => (),
        _ => checked.refuse("data.attributes is not a list of key and value"),
    }
}

/// What Rollbar takes, and yet does not do what its sender means.
fn habits(data: &Value, now: SystemTime, checked: &mut Checked) {
    for name in data.as_object().into_iter().flat_map(serde_json::Map::keys) {
        if !KNOWN.contains(&name.as_str()) {
            checked.complain("data-unknown", format!("data.{name} belongs into custom"));
        }
    }
    if data["fingerprint"].as_str().is_some_and(|text| text.chars().count() > 40) {
        checked.complain("fingerprint-long", "a fingerprint of more than 40 characters is hashed");
    }
    if let Some(seconds) = data["timestamp"].as_u64() {
        let off = UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).map(|time| distance(time, now));
        if off.is_none_or(|off| off > DAY) {
            checked.complain("timestamp-not-seconds", format!("data.timestamp is {seconds}"));
        }
    }
    if !data["uuid"].is_string() {
        checked.complain("uuid-missing", "an item without a uuid comes twice when it is sent twice");
    }
}

fn distance(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other).unwrap_or_else(|error| error.duration())
}
