//! External extensions: registration, events, and what becomes of the function when they misbehave.

use std::time::{Duration, Instant};

use crudder_emulator::{EmulatorEvent, FailureKind, LogLine, Outcome, Source};
use serde_json::Value;

use crate::support::{Fixture, Recipe};

/// The next event of this type that the extension printed.
async fn event(emulator: &mut Fixture, event_type: &str) -> Value {
    let LogLine { line, source, .. } = emulator.line(&format!(r#""eventType":"{event_type}""#)).await;
    assert_eq!(source, Source::Extension("emulator-extension".to_owned()));
    serde_json::from_str(line.strip_prefix("event ").expect("an event line")).expect("JSON")
}

async fn failure(emulator: &Fixture) -> (String, String, FailureKind) {
    match emulator.invoke("{}").await {
        Outcome::Failed { error_type, message, kind, info, .. } => {
            (error_type, message.replace(&info.request_id, "ID"), kind)
        }
        answered @ Outcome::Succeeded { .. } => panic!("a failure was expected: {answered:?}"),
    }
}

#[tokio::test]
async fn an_extension_registers_is_invoked_and_is_told_of_the_end() {
    let mut emulator = Recipe::extension("").open();
    let outcome = emulator.invoke("{}").await;
    let registered = emulator.line("registered 200").await.line;
    let about: Value = serde_json::from_str(&registered["registered 200 ".len()..]).expect("JSON");
    assert_eq!(about["functionName"], "guest");
    assert_eq!(about["functionVersion"], "$LATEST");
    assert_eq!(about["accountId"], "111122223333");
    let invoke = event(&mut emulator, "INVOKE").await;
    assert_eq!(invoke["requestId"], outcome.info().request_id);
    assert_eq!(invoke["invokedFunctionArn"], "arn:aws:lambda:ca-central-1:111122223333:function:guest");
    assert_eq!(invoke["tracing"]["type"], "X-Amzn-Trace-Id");
    let upstream = invoke["tracing"]["value"].as_str().expect("a header");
    assert!(!upstream.contains(&outcome.info().segment_id), "the caller's header and not the function's: {upstream}");
    emulator.frozen().await;
    emulator.emulator.clone().shutdown().await;
    let shutdown = event(&mut emulator, "SHUTDOWN").await;
    assert_eq!(shutdown["shutdownReason"], "spindown");
    assert!(shutdown["deadlineMs"].as_u64() > invoke["deadlineMs"].as_u64().map(|ms| ms - 30_000));
}

#[tokio::test]
async fn extensions_hear_of_a_timeout_and_of_a_failure() {
    let mut emulator = Recipe { timeout: Duration::from_millis(300), ..Recipe::extension("") }.open();
    emulator.invoke(r#"{"do":"sleep","ms":20000}"#).await;
    assert_eq!(event(&mut emulator, "SHUTDOWN").await["shutdownReason"], "timeout");
    emulator.forget();
    emulator.invoke(r#"{"do":"exit"}"#).await;
    assert_eq!(event(&mut emulator, "SHUTDOWN").await["shutdownReason"], "failure");
    emulator.close().await;
}

#[tokio::test]
async fn an_extension_that_ignores_its_end_is_killed_after_two_seconds() {
    let mut emulator = Recipe::extension("ignore-shutdown").open();
    emulator.invoke("{}").await;
    emulator.frozen().await;
    let begin = Instant::now();
    emulator.emulator.clone().shutdown().await;
    let took = begin.elapsed();
    assert!(took >= Duration::from_millis(1_900), "it had its two seconds: {took:?}");
    emulator
        .wait_for("kill", |event| match event {
            EmulatorEvent::ProcessEnded { process: Source::Extension(_), exit_status, .. }
                if exit_status == "signal: killed" =>
            {
                Some(())
            }
            _ => None,
        })
        .await;
}

#[tokio::test]
async fn an_extension_that_crashes_fails_the_invocation() {
    let emulator = Recipe::extension("crash-on-invoke").open();
    let failed = emulator.invoke(r#"{"do":"sleep","ms":20000}"#).await;
    let Outcome::Failed { error_type, message, info, .. } = failed else { panic!("it must fail") };
    assert_eq!(error_type, "Extension.Crash");
    assert_eq!(message, format!("RequestId: {} Error: exit code 2", info.request_id));
    emulator.close().await;
}

#[tokio::test]
async fn an_extension_may_name_its_failure() {
    let emulator = Recipe::extension("init-error").open();
    let expected = ("Extension.InitError".to_owned(), "RequestId: ID Error: exit code 6".to_owned(), FailureKind::Init);
    assert_eq!(failure(&emulator).await, expected);
    emulator.close().await;
    let emulator = Recipe::extension("exit-error-on-invoke").open();
    let failed = emulator.invoke(r#"{"do":"sleep","ms":20000}"#).await;
    assert!(matches!(failed, Outcome::Failed { error_type, .. } if error_type == "Extension.ExitError"));
    emulator.close().await;
}

#[tokio::test]
async fn an_extension_that_dies_or_is_missing_at_the_start_fails_the_init() {
    let emulator = Recipe::extension("exit-at-start").open();
    assert_eq!(failure(&emulator).await.0, "Extension.Crash");
    emulator.close().await;
    let missing = Recipe { change: |config| config.extensions.push("/nowhere/extension".into()), ..Recipe::default() };
    let emulator = missing.open();
    assert_eq!(failure(&emulator).await.0, "Extension.LaunchError");
    emulator.close().await;
}

#[tokio::test]
async fn an_extension_without_events_waits_and_lets_the_function_end_in_peace() {
    let mut emulator = Recipe::extension("").variable("EXTENSION_EVENTS", "none").open();
    emulator.answer("{}").await;
    emulator.frozen().await;
    assert!(
        !emulator.seen().iter().any(|event| matches!(event, EmulatorEvent::Line(line) if line.line.contains("INVOKE")))
    );
    emulator.emulator.clone().shutdown().await;
    let ends: Vec<String> = emulator
        .seen()
        .iter()
        .filter_map(|event| match event {
            EmulatorEvent::ProcessEnded { exit_status, .. } => Some(exit_status.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(ends, ["signal: terminated", "signal: killed"], "the runtime gets SIGTERM, the extension SIGKILL");
}

#[tokio::test]
async fn a_function_without_extensions_is_killed_without_a_word() {
    let mut emulator = crate::support::plain();
    emulator.answer("{}").await;
    emulator.frozen().await;
    emulator.emulator.clone().shutdown().await;
    let how = emulator
        .wait_for("end", |event| match event {
            EmulatorEvent::ProcessEnded { exit_status, .. } => Some(exit_status.clone()),
            _ => None,
        })
        .await;
    assert_eq!(how, "signal: killed");
}

#[tokio::test]
async fn wrong_calls_of_the_extensions_api_are_refused_by_name() {
    let emulator = Recipe::extension("").open();
    let register = "/2020-01-01/extension/register";
    let next = "/2020-01-01/extension/event/next";
    let unknown = r#"{"lambda-extension-identifier":"8f7c2e1a-0000-4000-8000-0123456789ab"}"#;
    let cases = [
        ("POST", register, "{}", r#"{\"events\":[]}"#, "Extension.InvalidExtensionName"),
        ("POST", register, r#"{"lambda-extension-name":"late"}"#, "nonsense", "InvalidRequestFormat"),
        ("POST", register, r#"{"lambda-extension-name":"late"}"#, r#"{\"events\":[]}"#, "Extension.RegistrationClosed"),
        (
            "POST",
            register,
            r#"{"lambda-extension-name":"emulator-extension"}"#,
            r#"{\"events\":[]}"#,
            "Extension.InvalidExtensionState",
        ),
        (
            "POST",
            register,
            r#"{"lambda-extension-name":"late"}"#,
            r#"{\"events\":[\"SHUTDOWN\"]}"#,
            "Extension.InvalidEventType",
        ),
        ("GET", next, "{}", "", "Extension.MissingExtensionIdentifier"),
        ("GET", next, r#"{"lambda-extension-identifier":"x"}"#, "", "Extension.InvalidExtensionIdentifier"),
        ("GET", next, unknown, "", "Extension.UnknownExtensionIdentifier"),
        ("POST", "/2020-01-01/extension/exit/error", unknown, "", "Extension.MissingHeader"),
    ];
    for (method, path, headers, body, expected) in cases {
        let event =
            format!(r#"{{"do":"call","method":"{method}","path":"{path}","headers":{headers},"body":"{body}"}}"#);
        let answer = emulator.answer(&event).await;
        assert_eq!((answer["status"].as_u64(), answer["body"]["errorType"].as_str()), (Some(403), Some(expected)));
    }
    emulator.close().await;
}
