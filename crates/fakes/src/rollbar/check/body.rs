//! Checks `data.body`: its kind of content, exceptions, frames and telemetry.

use serde_json::Value;

use super::data::LEVELS;
use super::field::{integer, object, one_of, required, string};
use super::findings::Findings;

/// A body has exactly one of these fields.
const KINDS: [&str; 4] = ["trace", "trace_chain", "message", "crash_report"];

/// SDKs keep at most so many breadcrumbs (rollbar.js, `src/telemetry.js`).
const MAX_BREADCRUMBS: usize = 100;

const UNLIMITED: usize = usize::MAX;

pub(super) fn check(body: &Value, findings: &mut Findings) {
    let Some(fields) = body.as_object() else {
        return findings.reject("data.body is required and must be an object");
    };
    let kinds: Vec<_> = KINDS.into_iter().filter(|kind| fields.contains_key(*kind)).collect();
    match kinds[..] {
        ["trace"] => check_trace(&body["trace"], "data.body.trace", findings),
        ["trace_chain"] => check_chain(&body["trace_chain"], findings),
        ["message"] => required(&body["message"], "data.body.message", "body", findings),
        ["crash_report"] => required(&body["crash_report"], "data.body.crash_report", "raw", findings),
        _ => findings.reject(format!("data.body must have exactly one of {}", KINDS.join(", "))),
    }
    for name in fields.keys().filter(|name| !KINDS.contains(&name.as_str()) && *name != "telemetry") {
        let detail = format!("data.body.{name} is unknown to Rollbar; move it to data.custom");
        findings.violate("body-field-unknown", detail);
    }
    check_telemetry(&body["telemetry"], findings);
}

fn check_chain(chain: &Value, findings: &mut Findings) {
    match chain.as_array() {
        Some(traces) if !traces.is_empty() => {
            for (index, trace) in traces.iter().enumerate() {
                check_trace(trace, &format!("data.body.trace_chain[{index}]"), findings);
            }
        }
        _ => findings.reject("data.body.trace_chain is not a list with at least one trace"),
    }
}

fn check_trace(trace: &Value, path: &str, findings: &mut Findings) {
    let exception = format!("{path}.exception");
    required(&trace["exception"], &exception, "class", findings);
    string(&trace["exception"], &exception, "message", UNLIMITED, findings);
    string(&trace["exception"], &exception, "description", UNLIMITED, findings);
    match trace["frames"].as_array() {
        Some(frames) => {
            for (index, frame) in frames.iter().enumerate() {
                check_frame(frame, &format!("{path}.frames[{index}]"), findings);
            }
        }
        None => findings.reject(format!("{path}.frames is required and must be a list")),
    }
}

fn check_frame(frame: &Value, path: &str, findings: &mut Findings) {
    required(frame, path, "filename", findings);
    integer(frame, path, "lineno", findings);
    integer(frame, path, "colno", findings);
    for name in ["method", "code", "class_name"] {
        string(frame, path, name, UNLIMITED, findings);
    }
    object(frame, path, "context", findings);
    object(frame, path, "locals", findings);
    for name in ["args", "kwargs"] {
        if !frame[name].is_null() {
            findings.violate("frame-field-deprecated", format!("{path}.{name} is deprecated"));
        }
    }
}

fn check_telemetry(telemetry: &Value, findings: &mut Findings) {
    let Some(breadcrumbs) = telemetry.as_array() else {
        if !telemetry.is_null() {
            findings.reject("data.body.telemetry is not a list");
        }
        return;
    };
    if breadcrumbs.len() > MAX_BREADCRUMBS {
        let detail = format!("data.body.telemetry has {} breadcrumbs, SDKs keep {MAX_BREADCRUMBS}", breadcrumbs.len());
        findings.violate("too-many-breadcrumbs", detail);
    }
    for (index, breadcrumb) in breadcrumbs.iter().enumerate() {
        let path = format!("data.body.telemetry[{index}]");
        one_of(breadcrumb, &path, "level", &LEVELS, findings);
        required(breadcrumb, &path, "type", findings);
        one_of(breadcrumb, &path, "type", &["log", "network", "error", "dom", "navigation", "manual"], findings);
        one_of(breadcrumb, &path, "source", &["client", "server"], findings);
        integer(breadcrumb, &path, "timestamp_ms", findings);
        object(breadcrumb, &path, "body", findings);
    }
}
