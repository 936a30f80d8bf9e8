//! Rules about `data.body`: one kind of content, exceptions, frames, breadcrumbs.

use serde_json::Value;

use super::Checked;
use super::data::LEVELS;
use super::field::{object, one_of, required, text, whole};

/// Exactly one of these is there.
const KINDS: [&str; 4] = ["trace", "trace_chain", "message", "crash_report"];

/// SDKs keep so many breadcrumbs.
const BREADCRUMBS: usize = 100;

const UNLIMITED: usize = usize::MAX;

pub(super) fn check(body: &Value, checked: &mut Checked) {
    let Some(fields) = body.as_object() else {
        return checked.refuse("data.body is required and is an object");
    };
    let kinds: Vec<_> = KINDS.into_iter().filter(|kind| fields.contains_key(*kind)).collect();
    match kinds[..] {
        ["trace"] => trace(&body["trace"], "data.body.trace", checked),
        ["trace_chain"] => chain(&body["trace_chain"], checked),
        ["message"] => required(&body["message"], "data.body.message", "body", checked),
        ["crash_report"] => required(&body["crash_report"], "data.body.crash_report", "raw", checked),
        _ => checked.refuse(format!("data.body holds exactly one of {}", KINDS.join(", "))),
    }
    for name in fields.keys().filter(|name| !KINDS.contains(&name.as_str()) && *name != "telemetry") {
        checked.complain("body-unknown", format!("data.body.{name} is not known"));
    }
    telemetry(&body["telemetry"], checked);
}

fn chain(chain: &Value, checked: &mut Checked) {
    match chain.as_array() {
        Some(traces) if !traces.is_empty() => {
            for (at, each) in traces.iter().enumerate() {
                trace(each, &format!("data.body.trace_chain[{at}]"), checked);
            }
        }
        _ => checked.refuse("data.body.trace_chain is not a list with a trace in it"),
    }
}

fn trace(trace: &Value, path: &str, checked: &mut Checked) {
    let exception = format!("{path}.exception");
    required(&trace["exception"], &exception, "class", checked);
    text(&trace["exception"], &exception, "message", UNLIMITED, checked);
    text(&trace["exception"], &exception, "description", UNLIMITED, checked);
    match trace["frames"].as_array() {
        Some(frames) => {
            for (at, each) in frames.iter().enumerate() {
                frame(each, &format!("{path}.frames[{at}]"), checked);
            }
        }
        None => checked.refuse(format!("{path}.frames is required and is a list")),
    }
}

fn frame(frame: &Value, path: &str, checked: &mut Checked) {
    required(frame, path, "filename", checked);
    whole(frame, path, "lineno", checked);
    whole(frame, path, "colno", checked);
    for name in ["method", "code", "class_name"] {
        text(frame, path, name, UNLIMITED, checked);
    }
    object(frame, path, "context", checked);
    object(frame, path, "locals", checked);
    for name in ["args", "kwargs"] {
        if !frame[name].is_null() {
            checked.complain("frame-deprecated", format!("{path}.{name} is deprecated"));
        }
    }
}

fn telemetry(telemetry: &Value, checked: &mut Checked) {
    let Some(crumbs) = telemetry.as_array() else {
        if !telemetry.is_null() {
            checked.refuse("data.body.telemetry is not a list");
        }
        return;
    };
    if crumbs.len() > BREADCRUMBS {
        checked.complain("telemetry-long", format!("{} breadcrumbs, SDKs keep {BREADCRUMBS}", crumbs.len()));
    }
    for (at, crumb) in crumbs.iter().enumerate() {
        let path = format!("data.body.telemetry[{at}]");
        one_of(crumb, &path, "level", &LEVELS, checked);
        required(crumb, &path, "type", checked);
        one_of(crumb, &path, "type", &["log", "network", "error", "dom", "navigation", "manual"], checked);
        one_of(crumb, &path, "source", &["client", "server"], checked);
        whole(crumb, &path, "timestamp_ms", checked);
        object(crumb, &path, "body", checked);
    }
}
