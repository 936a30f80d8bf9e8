//! External extensions: registration, events, and what follows when they misbehave.

use std::time::{Duration, Instant};

use crudder_emulator::{EmulatorEvent, FailureKind, LogLine, Outcome, Source};
use serde_json::Value;

use crate::support::{Fixture, FixtureConfig, start_fixture};

/// Waits for the first event of this type that the extension printed.
async fn event(fixture: &mut Fixture, event_type: &str) -> Value {
    let LogLine { line, source, .. } = fixture.wait_for_line(&format!(r#""eventType":"{event_type}""#)).await;
    assert_eq!(source, Source::Extension("emulator-extension".to_owned()));
    serde_json::from_str(line.strip_prefix("event ").expect("an event line")).expect("JSON")
}

async fn failure(fixture: &Fixture) -> (String, String, FailureKind) {
    match fixture.invoke("{}").await {
        Outcome::Failed { error_type, message, kind, info, .. } => {
            (error_type, message.replace(&info.request_id, "ID"), kind)
        }
        succeeded @ Outcome::Succeeded { .. } => panic!("the function must fail: {succeeded:?}"),
    }
}

#[tokio::test]
async fn an_extension_registers_and_gets_invoke_and_shutdown() {
    let mut fixture = FixtureConfig::with_extension("").start();
    let outcome = fixture.invoke("{}").await;
    let registered = fixture.wait_for_line("registered 200").await.line;
    let function: Value = serde_json::from_str(&registered["registered 200 ".len()..]).expect("JSON");
    assert_eq!(function["functionName"], "test-function");
    assert_eq!(function["functionVersion"], "$LATEST");
    assert_eq!(function["accountId"], "111122223333");
    let invoke = event(&mut fixture, "INVOKE").await;
    assert_eq!(invoke["requestId"], outcome.info().request_id);
    assert_eq!(invoke["invokedFunctionArn"], "arn:aws:lambda:ca-central-1:111122223333:function:test-function");
    assert_eq!(invoke["tracing"]["type"], "X-Amzn-Trace-Id");
    let upstream = invoke["tracing"]["value"].as_str().expect("a header");
    assert!(!upstream.contains(&outcome.info().segment_id), "extensions get the header from upstream: {upstream}");
    fixture.wait_until_frozen().await;
    fixture.emulator.clone().shutdown().await;
    let shutdown = event(&mut fixture, "SHUTDOWN").await;
    assert_eq!(shutdown["shutdownReason"], "spindown");
    assert!(shutdown["deadlineMs"].as_u64() > invoke["deadlineMs"].as_u64().map(|ms| ms - 30_000));
}

#[tokio::test]
async fn extensions_get_the_shutdown_reasons_timeout_and_failure() {
    let mut fixture =
        FixtureConfig { timeout: Duration::from_millis(300), ..FixtureConfig::with_extension("") }.start();
    fixture.invoke(r#"{"do":"sleep","ms":20000}"#).await;
    assert_eq!(event(&mut fixture, "SHUTDOWN").await["shutdownReason"], "timeout");
    fixture.clear_events();
    fixture.invoke(r#"{"do":"exit"}"#).await;
    assert_eq!(event(&mut fixture, "SHUTDOWN").await["shutdownReason"], "failure");
    fixture.shutdown().await;
}

#[tokio::test]
async fn an_extension_that_ignores_shutdown_is_killed_after_two_seconds() {
    let mut fixture = FixtureConfig::with_extension("ignore-shutdown").start();
    fixture.invoke("{}").await;
    fixture.wait_until_frozen().await;
    let begin = Instant::now();
    fixture.emulator.clone().shutdown().await;
    let duration = begin.elapsed();
    assert!(duration >= Duration::from_millis(1_900), "it has two seconds: {duration:?}");
    fixture
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
    let fixture = FixtureConfig::with_extension("crash-on-invoke").start();
    let failed = fixture.invoke(r#"{"do":"sleep","ms":20000}"#).await;
    let Outcome::Failed { error_type, message, info, .. } = failed else { panic!("it must fail") };
    assert_eq!(error_type, "Extension.Crash");
    assert_eq!(message, format!("RequestId: {} Error: exit code 2", info.request_id));
    fixture.shutdown().await;
}

#[tokio::test]
async fn an_extension_can_report_that_it_fails() {
    let fixture = FixtureConfig::with_extension("init-error").start();
    let expected = ("Extension.InitError".to_owned(), "RequestId: ID Error: exit code 6".to_owned(), FailureKind::Init);
    assert_eq!(failure(&fixture).await, expected);
    fixture.shutdown().await;
    let fixture = FixtureConfig::with_extension("exit-error-on-invoke").start();
    let failed = fixture.invoke(r#"{"do":"sleep","ms":20000}"#).await;
    assert!(matches!(failed, Outcome::Failed { error_type, .. } if error_type == "Extension.ExitError"));
    fixture.shutdown().await;
}

#[tokio::test]
async fn an_extension_that_exits_at_start_or_is_missing_fails_the_init_phase() {
    let fixture = FixtureConfig::with_extension("exit-at-start").start();
    assert_eq!(failure(&fixture).await.0, "Extension.Crash");
    fixture.shutdown().await;
    let missing = FixtureConfig {
        configure: |config| config.extensions.push("/nowhere/extension".into()),
        ..FixtureConfig::default()
    };
    let fixture = missing.start();
    assert_eq!(failure(&fixture).await.0, "Extension.LaunchError");
    fixture.shutdown().await;
}

#[tokio::test]
async fn an_extension_without_events_gets_none_and_the_function_gets_sigterm() {
    let mut fixture = FixtureConfig::with_extension("").variable("EXTENSION_EVENTS", "none").start();
    fixture.response("{}").await;
    fixture.wait_until_frozen().await;
    assert!(
        !fixture
            .events()
            .iter()
            .any(|event| matches!(event, EmulatorEvent::Line(line) if line.line.contains("INVOKE")))
    );
    fixture.emulator.clone().shutdown().await;
    let ends: Vec<String> = fixture
        .events()
        .iter()
        .filter_map(|event| match event {
            EmulatorEvent::ProcessEnded { exit_status, .. } => Some(exit_status.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(ends, ["signal: terminated", "signal: killed"], "the runtime gets SIGTERM, the extension SIGKILL");
}

#[tokio::test]
async fn a_function_without_extensions_gets_sigkill_at_the_end() {
    let mut fixture = start_fixture();
    fixture.response("{}").await;
    fixture.wait_until_frozen().await;
    fixture.emulator.clone().shutdown().await;
    let exit_status = fixture
        .wait_for("end", |event| match event {
            EmulatorEvent::ProcessEnded { exit_status, .. } => Some(exit_status.clone()),
            _ => None,
        })
        .await;
    assert_eq!(exit_status, "signal: killed");
}

#[tokio::test]
async fn wrong_calls_of_the_extensions_api_are_refused_with_lambdas_error_types() {
    let fixture = FixtureConfig::with_extension("").start();
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
        let result = fixture.response(&event).await;
        assert_eq!((result["status"].as_u64(), result["body"]["errorType"].as_str()), (Some(403), Some(expected)));
    }
    fixture.shutdown().await;
}
