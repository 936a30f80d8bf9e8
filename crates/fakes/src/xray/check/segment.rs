//! Rules about segments and subsegments: ids, names, times, what one needs that is sent alone.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::{Checked, cause, parts};
use crate::TraceId;
use crate::ids::is_span_id;

/// A name's longest length; every other text has `parts::TEXT`.
const NAME: usize = 200;

/// A time further from now than this is no clock's error: exporters refuse ids that are older than 28 days or 5 minutes ahead.
const OLDEST: Duration = Duration::from_secs(28 * 24 * 3600);
const FURTHEST: Duration = Duration::from_secs(300);

/// Fields that only a segment has.
const SEGMENT_ONLY: [&str; 5] = ["user", "origin", "service", "resource_arn", "links"];

/// Fields that only a subsegment has.
const SUBSEGMENT_ONLY: [&str; 3] = ["namespace", "precursor_ids", "sql"];

/// What is asked of a document that stands alone.
pub(super) fn top(document: &Value, now: SystemTime, checked: &mut Checked) {
    let trace_id = &document["trace_id"];
    if trace_id.as_str().and_then(TraceId::parse_xray).is_none() {
        checked.refuse("InvalidTraceId", format!("trace_id {trace_id} is not of the form 1-8-24"));
    }
    match &document["type"] {
        Value::Null => only(document, &SUBSEGMENT_ONLY, "a segment", checked),
        Value::String(kind) if kind == "subsegment" => {
            if document["parent_id"].is_null() {
                checked.refuse("MissingParentId", "a subsegment that is sent alone needs its parent_id");
            }
            only(document, &SEGMENT_ONLY, "a subsegment", checked);
        }
        other => checked.refuse("InvalidSegment", format!("type {other} is not \"subsegment\"")),
    }
    if !document["parent_id"].is_null() && !document["parent_id"].as_str().is_some_and(is_span_id) {
        checked.refuse("InvalidSegment", format!("parent_id {} has not 16 hexadecimal digits", document["parent_id"]));
    }
    if document["parent_id"].is_string() && document["parent_id"] == document["id"] {
        checked.complain("parent-is-itself", format!("{}", document["id"]));
    }
    for name in ["start_time", "end_time"] {
        if document[name].as_f64().is_some_and(|seconds| !is_near(seconds, now)) {
            checked.complain("time-far", format!("{name} of {} is {}", document["id"], document[name]));
        }
    }
}

fn is_near(seconds: f64, now: SystemTime) -> bool {
    let time = Duration::try_from_secs_f64(seconds).ok().and_then(|since| UNIX_EPOCH.checked_add(since));
    time.is_some_and(|time| time > now - OLDEST && time < now + FURTHEST)
}

fn only(document: &Value, others: &[&str], what: &str, checked: &mut Checked) {
    for name in others.iter().filter(|name| !document[**name].is_null()) {
        checked.complain("field-of-the-other-kind", format!("{what} has no {name}"));
    }
}

/// What is asked of every segment and subsegment, down to the last.
pub(super) fn nested(document: &Value, depth: usize, checked: &mut Checked) {
    each(document, checked);
    let children = &document["subsegments"];
    if !children.is_null() && !children.is_array() {
        checked.refuse("InvalidSegment", "subsegments is not a list");
    }
    for child in children.as_array().into_iter().flatten() {
        contradictions(document, child, checked);
        only(child, &SEGMENT_ONLY, "a subsegment", checked);
        if depth == 0 {
            return checked.refuse("InvalidSegment", "nested too deep");
        }
        nested(child, depth - 1, checked);
    }
}

/// A nested subsegment needs no trace, parent and type of its own; what it says of them all the same has to be right.
fn contradictions(document: &Value, child: &Value, checked: &mut Checked) {
    let own_type = Value::from("subsegment");
    for (name, right) in [("trace_id", &document["trace_id"]), ("parent_id", &document["id"]), ("type", &own_type)] {
        if !child[name].is_null() && !right.is_null() && child[name] != *right {
            checked.complain("nested-contradiction", format!("{name} of {} is {}", child["id"], child[name]));
        }
    }
}

fn each(document: &Value, checked: &mut Checked) {
    match document["id"].as_str() {
        Some(id) if is_span_id(id) => (),
        Some(id) => checked.refuse("InvalidSegment", format!("id {id:?} has not 16 hexadecimal digits")),
        None => checked.refuse("MissingId", "a document needs its id"),
    }
    name(document, checked);
    times(document, checked);
    parts::check(document, checked);
    cause::check(document, checked);
}

fn name(document: &Value, checked: &mut Checked) {
    match document["name"].as_str() {
        None | Some("") => checked.refuse("InvalidSegment", "a document needs its name"),
        Some(name) if name.chars().count() > NAME => {
            checked.complain("name-long", format!("{name:?} has over {NAME} characters"))
        }
        Some(name) if !name.chars().all(is_of_a_name) => checked.complain("name-characters", format!("{name:?}")),
        Some(_) => (),
    }
}

fn is_of_a_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter.is_whitespace() || "_.:/%&#=+\\-@".contains(letter)
}

fn times(document: &Value, checked: &mut Checked) {
    let (start, end) = (document["start_time"].as_f64(), &document["end_time"]);
    let Some(start) = start else { return checked.refuse("InvalidSegment", "start_time is not a number") };
    match (&document["in_progress"], end.as_f64()) {
        (Value::Bool(true), _) if !end.is_null() => {
            checked.complain("in-progress-with-end", format!("{}", document["id"]))
        }
        (Value::Bool(true), _) => (),
        (Value::Null | Value::Bool(false), Some(end)) if end < start => {
            checked.complain("end-before-start", format!("{} ends before it starts", document["id"]));
        }
        (Value::Null | Value::Bool(false), Some(_)) => (),
        (Value::Null | Value::Bool(false), None) => {
            checked.refuse("InvalidSegment", "neither end_time nor in_progress")
        }
        (other, _) => checked.refuse("InvalidSegment", format!("in_progress is {other}")),
    }
}
