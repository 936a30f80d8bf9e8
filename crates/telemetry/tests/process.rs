//! Telemetry in its own process, where it owns standard output, the panic hook and the global subscriber.
#![expect(clippy::unwrap_used, reason = "a failed helper fails its test")]

mod support;

use std::process::Output;

use crudder_recorder::Kind;
use serde_json::json;

use support::{Destinations, lines};

/// The program that does what its argument says: `fixture/observed.rs`.
const OBSERVED: &str = env!("CARGO_BIN_EXE_telemetry-observed");

impl Destinations {
    fn observed(&self, action: &str) -> Output {
        self.command(OBSERVED).arg(action).output().unwrap()
    }

    fn kinds(&mut self) -> Vec<Kind> {
        std::iter::from_fn(|| self.reader.read().map(|record| record.kind)).collect()
    }
}

#[test]
fn a_panic_is_one_json_line_with_frames_and_nothing_on_stderr() {
    let mut destinations = Destinations::new();
    let output = destinations.observed("panic");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(101), ""));
    let lines = lines(&output);
    let line = lines.iter().find(|line| line["level"] == "ERROR").unwrap();
    assert_eq!(line["trace_id"], "5759e988bd862e3fe1be46a994272793");
    assert_eq!(line["requestId"], "8f7c2e1a");
    let exception = &line["exception"];
    assert_eq!(
        (&exception["type"], &exception["message"]),
        (&json!("panic"), &json!("a panic on purpose, for [scrubbed]"))
    );
    let source = include_str!("../fixture/observed.rs");
    let place = 1 + source.lines().position(|line| line.contains("panic!(\"a panic on purpose")).unwrap();
    let place = format!("fixture/observed.rs:{place}");
    assert!(exception["location"].as_str().unwrap().ends_with(&place), "{exception}");
    let trace = exception["stacktrace"].as_str().unwrap();
    assert!(trace.contains("innermost") && trace.contains(&place), "{trace}");
    assert!(!trace.contains("rust_begin_unwind") && !trace.contains("tokio::"), "{trace}");
    let documents = destinations.documents();
    assert_eq!((documents.len(), &documents[0]["fault"]), (1, &json!(true)));
    let step = &documents[0]["subsegments"][0];
    assert_eq!(step["cause"]["exceptions"][0]["type"], "panic", "the innermost span has it, too: {step}");
    assert!(step["cause"]["exceptions"][0]["stack"][0]["path"].as_str().unwrap().ends_with("observed.rs"), "{step}");
    let kinds = destinations.kinds();
    assert_eq!(kinds.iter().filter(|kind| **kind == Kind::Event).count(), 1, "{kinds:?}");
    // The hook ended the invocation, and then the process exited.
    assert!(kinds.ends_with(&[Kind::InvocationEnded, Kind::ProcessExited]), "{kinds:?}");
}

#[test]
fn an_abort_leaves_every_started_span_in_the_recorder() {
    let mut destinations = Destinations::new();
    let output = destinations.observed("abort");
    assert_eq!(output.status.code(), None, "a signal ended it");
    use Kind::{InvocationStarted, ProcessStarted, SpanStarted};
    assert_eq!(destinations.kinds(), [ProcessStarted, InvocationStarted, SpanStarted, SpanStarted]);
    assert_eq!(lines(&output).last().unwrap()["message"], "working", "lines before the abort are printed");
    assert_eq!(destinations.documents().len(), 0);
}

#[test]
fn an_error_is_a_fault_with_its_message() {
    let destinations = Destinations::new();
    let output = destinations.observed("error");
    assert!(output.status.success());
    let documents = destinations.documents();
    assert_eq!(documents[0]["cause"]["exceptions"][0]["message"], "invalid digit found in string");
    assert_eq!(documents[0]["name"], "GET /action");
}

#[test]
fn an_error_has_a_backtrace_if_the_environment_enables_it() {
    for (setting, has_backtrace) in [("0", false), ("1", true)] {
        let destinations = Destinations::new();
        let output = destinations.command(OBSERVED).arg("logged").env("RUST_LIB_BACKTRACE", setting).output().unwrap();
        assert!(output.status.success());
        let exception = &destinations.documents()[0]["subsegments"][0]["cause"]["exceptions"][0];
        assert_eq!(exception["message"], "an error that is logged");
        let stack = exception["stack"].as_array().unwrap();
        assert!(stack[0]["path"].as_str().unwrap().ends_with("fixture/observed.rs"), "{exception}");
        assert_eq!(stack.len() > 1, has_backtrace, "{exception}");
    }
}

#[test]
fn a_bad_variable_stops_the_process_with_an_error_that_names_it() {
    let destinations = Destinations::new();
    let output = destinations.command(OBSERVED).env("AWS_LAMBDA_LOG_LEVEL", "LOUD").output().unwrap();
    assert!(!output.status.success());
    let expected =
        r#"failed to read AWS_LAMBDA_LOG_LEVEL: expected TRACE, DEBUG, INFO, WARN, ERROR or FATAL, got "LOUD""#;
    assert!(String::from_utf8_lossy(&output.stderr).contains(expected));
}

#[test]
fn the_text_format_is_one_line_per_event() {
    let destinations = Destinations::new();
    let output = destinations.command(OBSERVED).env("AWS_LAMBDA_LOG_FORMAT", "Text").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find(|line| line.contains("working")).unwrap();
    assert!(line.contains(" INFO working requestId=8f7c2e1a route=GET /{action} action="), "{line}");
}

#[test]
fn a_recorder_that_cannot_be_opened_is_one_line_and_nothing_else() {
    let destinations = Destinations::new();
    let output = destinations.command(OBSERVED).env("CRUDDER_RECORDER", "/proc/nowhere/ring").output().unwrap();
    assert!(output.status.success());
    let warnings = lines(&output).into_iter().filter(|line| line["level"] == "WARN").collect::<Vec<_>>();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0]["message"].as_str().unwrap().contains("recorder disabled"));
    assert_eq!(destinations.documents().len(), 1);
}

#[test]
fn a_missing_extension_is_logged_once() {
    let destinations = Destinations::new();
    let unread = destinations.folder.path().join("unread");
    let output = destinations.command(OBSERVED).env("CRUDDER_RECORDER", unread).output().unwrap();
    let logged = lines(&output)
        .into_iter()
        .filter(|line| line["message"].as_str().unwrap().contains("no extension reads"))
        .count();
    assert_eq!(logged, 1);
    let read = lines(&destinations.observed(""));
    assert!(read.iter().all(|line| !line["message"].as_str().unwrap().contains("no extension")), "{read:?}");
}
