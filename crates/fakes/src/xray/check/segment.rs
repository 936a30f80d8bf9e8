//! Checks segments and subsegments: ids, names and times, and the fields of an independent
//! document.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::findings::Findings;
use super::{cause, fields};
use crate::TraceId;
use crate::ids::is_span_id;

/// The longest name. Other strings have their own limit, see `strings`.
const MAX_NAME_CHARACTERS: usize = 200;

/// Exporters reject trace ids that are older than 28 days or 5 minutes ahead
/// (opentelemetry-collector-contrib, `segment.go`). A time outside of that range is no clock error.
const MAX_AGE: Duration = Duration::from_secs(28 * 24 * 3600);
const MAX_AHEAD: Duration = Duration::from_secs(300);

/// Fields that a subsegment does not have.
const SEGMENT_ONLY: [&str; 5] = ["user", "origin", "service", "resource_arn", "links"];

/// Fields that a segment does not have.
const SUBSEGMENT_ONLY: [&str; 3] = ["namespace", "precursor_ids", "sql"];

/// Checks the fields that only an independent document has.
pub(super) fn check_document(document: &Value, now: SystemTime, findings: &mut Findings) {
    let trace_id = &document["trace_id"];
    if trace_id.as_str().and_then(TraceId::parse_xray).is_none() {
        findings.reject("InvalidTraceId", format!("trace_id {trace_id} does not have the format 1-8-24"));
    }
    match &document["type"] {
        Value::Null => check_forbidden(document, &SUBSEGMENT_ONLY, "segment", findings),
        Value::String(kind) if kind == "subsegment" => {
            if document["parent_id"].is_null() {
                findings.reject("MissingParentId", "an independent subsegment needs a parent_id");
            }
            check_forbidden(document, &SEGMENT_ONLY, "subsegment", findings);
        }
        other => findings.reject("InvalidSegment", format!("type {other} is not \"subsegment\"")),
    }
    let parent_id = &document["parent_id"];
    if !parent_id.is_null() && !parent_id.as_str().is_some_and(is_span_id) {
        findings.reject("InvalidSegment", format!("parent_id {parent_id} does not have 16 hexadecimal digits"));
    }
    if parent_id.is_string() && *parent_id == document["id"] {
        findings.violate("parent-is-itself", format!("document {parent_id} is its own parent"));
    }
    for name in ["start_time", "end_time"] {
        if document[name].as_f64().is_some_and(|seconds| !is_in_range(seconds, now)) {
            let (id, time) = (&document["id"], &document[name]);
            let detail = format!("document {id}: {name} {time} is far from now; use seconds since 1970");
            findings.violate("time-out-of-range", detail);
        }
    }
}

fn is_in_range(seconds: f64, now: SystemTime) -> bool {
    let time = Duration::try_from_secs_f64(seconds).ok().and_then(|since| UNIX_EPOCH.checked_add(since));
    time.is_some_and(|time| time > now - MAX_AGE && time < now + MAX_AHEAD)
}

/// Checks that a segment has no field of subsegments, or a subsegment none of segments.
fn check_forbidden(document: &Value, forbidden: &[&str], kind: &str, findings: &mut Findings) {
    for name in forbidden.iter().filter(|name| !document[**name].is_null()) {
        findings.violate("field-not-allowed", format!("{kind} {}: field {name} is not allowed", document["id"]));
    }
}

/// Checks a segment or subsegment and all its subsegments.
pub(super) fn check_nested(document: &Value, depth: usize, findings: &mut Findings) {
    check_one(document, findings);
    let children = &document["subsegments"];
    if !children.is_null() && !children.is_array() {
        findings.reject("InvalidSegment", "subsegments is not a list");
    }
    for child in children.as_array().into_iter().flatten() {
        check_inherited(document, child, findings);
        check_forbidden(child, &SEGMENT_ONLY, "subsegment", findings);
        if depth == 0 {
            return findings.reject("InvalidSegment", "nested too deep");
        }
        check_nested(child, depth - 1, findings);
    }
}

/// Checks the fields that a nested subsegment inherits. It may repeat them, but with the same
/// values.
fn check_inherited(document: &Value, child: &Value, findings: &mut Findings) {
    let kind = Value::from("subsegment");
    for (name, expected) in [("trace_id", &document["trace_id"]), ("parent_id", &document["id"]), ("type", &kind)] {
        let found = &child[name];
        if !found.is_null() && !expected.is_null() && found != expected {
            let detail = format!("subsegment {}: {name} is {found}, expected {expected}", child["id"]);
            findings.violate("nested-contradiction", detail);
        }
    }
}

fn check_one(document: &Value, findings: &mut Findings) {
    match document["id"].as_str() {
        Some(id) if is_span_id(id) => (),
        Some(id) => findings.reject("InvalidSegment", format!("id {id:?} does not have 16 hexadecimal digits")),
        None => findings.reject("MissingId", "a document needs an id"),
    }
    check_name(document, findings);
    check_times(document, findings);
    fields::check(document, findings);
    cause::check(document, findings);
}

fn check_name(document: &Value, findings: &mut Findings) {
    match document["name"].as_str() {
        None | Some("") => findings.reject("InvalidSegment", "a document needs a name"),
        Some(name) if name.chars().count() > MAX_NAME_CHARACTERS => {
            let characters = name.chars().count();
            let detail = format!("name {name:?} has {characters} characters, X-Ray accepts {MAX_NAME_CHARACTERS}");
            findings.violate("name-too-long", detail);
        }
        Some(name) if !name.chars().all(is_name_character) => {
            findings.violate("name-characters", format!("name {name:?} has characters other than _.:/%&#=+\\-@"));
        }
        Some(_) => (),
    }
}

/// Returns whether X-Ray allows the character in a name ("Segment documents").
fn is_name_character(letter: char) -> bool {
    letter.is_alphanumeric() || letter.is_whitespace() || "_.:/%&#=+\\-@".contains(letter)
}

fn check_times(document: &Value, findings: &mut Findings) {
    let (start, end) = (document["start_time"].as_f64(), &document["end_time"]);
    let Some(start) = start else { return findings.reject("InvalidSegment", "start_time is not a number") };
    let id = &document["id"];
    match (&document["in_progress"], end.as_f64()) {
        (Value::Bool(true), _) if !end.is_null() => {
            findings.violate("in-progress-with-end", format!("document {id} is in progress and has an end_time"));
        }
        (Value::Bool(true), _) => (),
        (Value::Null | Value::Bool(false), Some(end)) if end < start => {
            findings.violate("end-before-start", format!("document {id}: end_time is before start_time"));
        }
        (Value::Null | Value::Bool(false), Some(_)) => (),
        (Value::Null | Value::Bool(false), None) => {
            findings.reject("InvalidSegment", "neither end_time nor in_progress")
        }
        (other, _) => findings.reject("InvalidSegment", format!("in_progress is {other}, not true")),
    }
}
