//! Processes that exit unexpectedly, and what the emulator does then.

use std::time::Duration;

use crudder_emulator::{EmulatorEvent, FailureKind, Outcome};
use crudder_testing::process::{self, kill, wait_until_exited};

use crate::support::{Fixture, FixtureConfig, start_fixture};

/// Invokes the function, which must fail. Returns error type, message, kind and environment.
async fn failure(fixture: &Fixture, event: &str) -> (String, String, FailureKind, String) {
    describe_failure(fixture.invoke(event).await)
}

fn describe_failure(outcome: Outcome) -> (String, String, FailureKind, String) {
    match outcome {
        Outcome::Failed { error_type, message, kind, info, .. } => {
            (error_type, message.replace(&info.request_id, "ID"), kind, info.environment)
        }
        succeeded @ Outcome::Succeeded { .. } => panic!("the function must fail: {succeeded:?}"),
    }
}

#[tokio::test]
async fn a_function_that_exits_during_an_invocation_fails_with_lambdas_message() {
    let mut fixture = start_fixture();
    let (error_type, message, kind, _) = failure(&fixture, r#"{"do":"exit","code":101}"#).await;
    assert_eq!(error_type, "Runtime.ExitError");
    assert_eq!(message, "RequestId: ID Error: Runtime exited with error: exit status 101");
    assert_eq!(kind, FailureKind::Exit);
    let line = fixture.wait_for_line("Error: Runtime exited with error: exit status 101").await;
    assert!(line.line.ends_with("\nRuntime.ExitError"), "{}", line.line);
    let report = fixture.wait_for_line("platform.report").await.line;
    assert!(report.contains(r#""status":"error","errorType":"Runtime.ExitError""#), "{report}");
    fixture.shutdown().await;
}

#[tokio::test]
async fn after_a_kill_the_invocation_fails_and_the_next_one_is_served() {
    let mut fixture = start_fixture();
    let pid = fixture.response("{}").await["pid"].as_u64().expect("a number") as u32;
    fixture.wait_until_frozen().await;
    fixture.clear_events();
    let running = fixture.spawn_invocation(r#"{"do":"print","lines":1,"then":"sleep"}"#);
    fixture.wait_for_line("line 0").await;
    kill(pid);
    let failed = describe_failure(running.await.expect("an outcome"));
    assert_eq!(failed.1, "RequestId: ID Error: Runtime exited with error: signal: killed");
    let after = fixture.response("{}").await;
    assert_ne!(after["pid"].as_u64(), Some(u64::from(pid)));
    fixture.shutdown().await;
}

#[tokio::test]
async fn an_abort_and_an_exit_with_status_0_have_their_own_messages() {
    let fixture = start_fixture();
    let aborted = failure(&fixture, r#"{"do":"abort"}"#).await.1;
    assert!(aborted.starts_with("RequestId: ID Error: Runtime exited with error: signal: aborted"), "{aborted}");
    let exited = failure(&fixture, r#"{"do":"exit","code":0}"#).await.1;
    assert_eq!(exited, "RequestId: ID Error: Runtime exited without providing a reason");
    fixture.shutdown().await;
}

#[tokio::test]
async fn a_function_that_passes_its_deadline_is_killed() {
    let mut fixture = FixtureConfig { timeout: Duration::from_secs(1), ..FixtureConfig::default() }.start();
    let pid = fixture.response("{}").await["pid"].as_u64().expect("a number") as u32;
    let (error_type, message, kind, _) = failure(&fixture, r#"{"do":"sleep","ms":20000}"#).await;
    assert_eq!(error_type, "Sandbox.Timedout");
    assert_eq!(message, "RequestId: ID Error: Task timed out after 1.00 seconds");
    assert_eq!(kind, FailureKind::Timeout);
    wait_until_exited(pid).await;
    fixture.wait_for_line("Task timed out after 1.00 seconds").await;
    fixture.wait_for_line(r#""status":"timeout""#).await;
    let after = fixture.response("{}").await;
    assert_ne!(after["pid"].as_u64(), Some(u64::from(pid)));
    fixture.shutdown().await;
}

#[tokio::test]
async fn after_a_death_the_same_environment_restarts_and_keeps_its_tmp() {
    let mut fixture = start_fixture();
    let environment = fixture.invoke(r#"{"do":"exit"}"#).await.info().environment.clone();
    fixture.wait_for("reset", |event| matches!(event, EmulatorEvent::EnvironmentEnded { .. }).then_some(())).await;
    let folder = fixture.environment().folder;
    assert!(folder.join("tmp/started-before").exists(), "the first process created this file");
    let next = fixture.invoke("{}").await;
    assert_eq!(next.info().environment, environment);
    assert!(next.info().cold_start);
    fixture.clear_events();
    fixture.shutdown().await;
}

#[tokio::test]
async fn the_death_of_a_frozen_process_is_noticed_at_once() {
    let mut fixture = start_fixture();
    let pid = fixture.response("{}").await["pid"].as_u64().expect("a number") as u32;
    fixture.wait_until_frozen().await;
    kill(pid);
    let exit_status = fixture
        .wait_for("end of the process", |event| match event {
            EmulatorEvent::ProcessEnded { exit_status, .. } => Some(exit_status.clone()),
            _ => None,
        })
        .await;
    assert_eq!(exit_status, "signal: killed");
    let after = fixture.invoke("{}").await;
    assert!(after.info().cold_start && matches!(after, Outcome::Succeeded { .. }));
    fixture.shutdown().await;
}

#[tokio::test]
async fn a_death_after_the_response_does_not_fail_the_invocation() {
    let mut fixture = start_fixture();
    let response = fixture.response(r#"{"do":"exit-after-response"}"#).await;
    assert_eq!(response, "response before exit");
    fixture.wait_for_line(r#""errorType":"Runtime.ExitError""#).await;
    fixture.response("{}").await;
    fixture.shutdown().await;
}

#[tokio::test]
async fn an_exit_in_the_init_phase_is_retried_and_then_fails_the_invocation() {
    let mut fixture = FixtureConfig::default().variable("AT_INIT", "exit").start();
    let (error_type, message, kind, _) = failure(&fixture, "{}").await;
    assert_eq!(error_type, "Runtime.ExitError");
    assert_eq!(message, "RequestId: ID Error: Runtime exited with error: exit status 3");
    assert_eq!(kind, FailureKind::Init);
    fixture.wait_for_line(r#""phase":"init","status":"error","errorType":"Runtime.ExitError""#).await;
    fixture.wait_for_line(r#""phase":"invoke","status":"error","errorType":"Runtime.ExitError""#).await;
    fixture.shutdown().await;
}

#[tokio::test]
async fn an_init_phase_that_fails_once_is_repeated_inside_the_invocation() {
    let fixture = FixtureConfig::default().variable("AT_INIT", "exit-once").start();
    let response = fixture.response("{}").await;
    assert_eq!(response["count"], 1);
    fixture.shutdown().await;
}

#[tokio::test]
async fn an_init_phase_beyond_its_limit_is_repeated_with_the_functions_timeout() {
    let config =
        FixtureConfig { configure: |config| config.init_limit = Duration::from_secs(1), ..FixtureConfig::default() };
    let mut fixture = config.variable("AT_INIT", "hang-once").start();
    assert_eq!(fixture.response("{}").await["count"], 1);
    fixture.wait_for_line(r#""phase":"init","status":"timeout""#).await;
    fixture.shutdown().await;
    let config = FixtureConfig {
        timeout: Duration::from_millis(300),
        configure: |config| config.init_limit = Duration::from_secs(1),
        ..FixtureConfig::default()
    };
    let fixture = config.variable("AT_INIT", "hang").start();
    assert_eq!(failure(&fixture, "{}").await.2, FailureKind::Timeout);
    fixture.shutdown().await;
}

#[tokio::test]
async fn a_missing_bootstrap_fails_every_invocation_and_nothing_else() {
    let fixture = FixtureConfig { bootstrap: "/nowhere/bootstrap", ..FixtureConfig::with_extension("") }.start();
    for _ in 0..2 {
        let (error_type, message, kind, _) = failure(&fixture, "{}").await;
        assert_eq!(error_type, "Runtime.InvalidEntrypoint");
        assert_eq!(message, "RequestId: ID Error: fork/exec /nowhere/bootstrap: no such file or directory");
        assert_eq!(kind, FailureKind::Init);
    }
    fixture.shutdown().await;
}

#[tokio::test]
async fn an_init_error_reaches_the_caller() {
    let fixture = FixtureConfig::default().variable("AT_INIT", "error").start();
    let (error_type, message, kind, _) = failure(&fixture, "{}").await;
    assert_eq!((error_type.as_str(), message.as_str(), kind), ("Function.NoTable", "no table", FailureKind::Init));
    fixture.shutdown().await;
}

#[tokio::test]
async fn the_children_of_a_dead_function_are_killed() {
    let mut fixture = start_fixture();
    fixture.response(r#"{"do":"spawn"}"#).await;
    let child: u32 = fixture.wait_for_line("child ").await.line["child ".len()..].parse().expect("a number");
    assert!(process::state(child).is_some());
    fixture.invoke(r#"{"do":"exit"}"#).await;
    wait_until_exited(child).await;
    fixture.shutdown().await;
}

#[tokio::test]
async fn a_function_that_calls_the_api_without_a_pause_is_killed_at_its_deadline() {
    let fixture = FixtureConfig { timeout: Duration::from_secs(1), ..FixtureConfig::default() }.start();
    assert_eq!(failure(&fixture, r#"{"do":"call-forever"}"#).await.2, FailureKind::Timeout);
    fixture.shutdown().await;
}
