//! Processes that end when they should not, and what comes after.

use std::time::Duration;

use crudder_emulator::{EmulatorEvent, FailureKind, Outcome};

use crate::support::{Fixture, Recipe, gone, kill, plain, process_state};

/// What the client of a failed invocation gets.
async fn failure(emulator: &Fixture, event: &str) -> (String, String, FailureKind, String) {
    described(emulator.invoke(event).await)
}

fn described(outcome: Outcome) -> (String, String, FailureKind, String) {
    match outcome {
        Outcome::Failed { error_type, message, kind, info, .. } => {
            (error_type, message.replace(&info.request_id, "ID"), kind, info.environment)
        }
        answered @ Outcome::Succeeded { .. } => panic!("a failure was expected: {answered:?}"),
    }
}

#[tokio::test]
async fn a_function_that_exits_while_it_serves_fails_in_lambdas_words() {
    let mut emulator = plain();
    let (error_type, message, kind, _) = failure(&emulator, r#"{"do":"exit","code":101}"#).await;
    assert_eq!(error_type, "Runtime.ExitError");
    assert_eq!(message, "RequestId: ID Error: Runtime exited with error: exit status 101");
    assert_eq!(kind, FailureKind::Exit);
    let line = emulator.line("Error: Runtime exited with error: exit status 101").await;
    assert!(line.line.ends_with("\nRuntime.ExitError"), "{}", line.line);
    let report = emulator.line("platform.report").await.line;
    assert!(report.contains(r#""status":"error","errorType":"Runtime.ExitError""#), "{report}");
    emulator.close().await;
}

#[tokio::test]
async fn a_function_that_is_killed_while_it_serves_answers_and_the_next_request_is_served() {
    let mut emulator = plain();
    let pid = emulator.answer("{}").await["pid"].as_u64().expect("a number") as u32;
    emulator.frozen().await;
    emulator.forget();
    let serving = emulator.start(r#"{"do":"print","lines":1,"then":"sleep"}"#);
    emulator.line("line 0").await;
    kill(pid);
    let failed = described(serving.await.expect("an outcome"));
    assert_eq!(failed.1, "RequestId: ID Error: Runtime exited with error: signal: killed");
    let after = emulator.answer("{}").await;
    assert_ne!(after["pid"].as_u64(), Some(u64::from(pid)));
    emulator.close().await;
}

#[tokio::test]
async fn an_abort_and_an_exit_without_an_error_have_words_of_their_own() {
    let emulator = plain();
    let aborted = failure(&emulator, r#"{"do":"abort"}"#).await.1;
    assert!(aborted.starts_with("RequestId: ID Error: Runtime exited with error: signal: aborted"), "{aborted}");
    let exited = failure(&emulator, r#"{"do":"exit","code":0}"#).await.1;
    assert_eq!(exited, "RequestId: ID Error: Runtime exited without providing a reason");
    emulator.close().await;
}

#[tokio::test]
async fn a_function_that_passes_its_deadline_is_killed() {
    let mut emulator = Recipe { timeout: Duration::from_secs(1), ..Recipe::default() }.open();
    let pid = emulator.answer("{}").await["pid"].as_u64().expect("a number") as u32;
    let (error_type, message, kind, _) = failure(&emulator, r#"{"do":"sleep","ms":20000}"#).await;
    assert_eq!(error_type, "Sandbox.Timedout");
    assert_eq!(message, "RequestId: ID Error: Task timed out after 1.00 seconds");
    assert_eq!(kind, FailureKind::Timeout);
    gone(pid).await;
    emulator.line("Task timed out after 1.00 seconds").await;
    emulator.line(r#""status":"timeout""#).await;
    let after = emulator.answer("{}").await;
    assert_ne!(after["pid"].as_u64(), Some(u64::from(pid)));
    emulator.close().await;
}

#[tokio::test]
async fn after_a_death_the_same_environment_starts_again_with_its_tmp_as_it_was() {
    let mut emulator = plain();
    let environment = emulator.invoke(r#"{"do":"exit"}"#).await.info().environment.clone();
    emulator.wait_for("reset", |event| matches!(event, EmulatorEvent::EnvironmentEnded { .. }).then_some(())).await;
    let folder = emulator.environment().folder;
    assert!(folder.join("tmp/lives").exists(), "the first life left its mark");
    let next = emulator.invoke("{}").await;
    assert_eq!(next.info().environment, environment);
    assert!(next.info().cold_start);
    // A suppressed init is part of the duration and not shown as an init of its own.
    emulator.forget();
    emulator.close().await;
}

#[tokio::test]
async fn a_process_that_dies_while_frozen_is_noticed_at_once() {
    let mut emulator = plain();
    let pid = emulator.answer("{}").await["pid"].as_u64().expect("a number") as u32;
    emulator.frozen().await;
    kill(pid);
    let how = emulator
        .wait_for("end of the process", |event| match event {
            EmulatorEvent::ProcessEnded { exit_status, .. } => Some(exit_status.clone()),
            _ => None,
        })
        .await;
    assert_eq!(how, "signal: killed");
    let after = emulator.invoke("{}").await;
    assert!(after.info().cold_start && matches!(after, Outcome::Succeeded { .. }));
    emulator.close().await;
}

#[tokio::test]
async fn a_function_that_dies_after_its_answer_has_answered() {
    let mut emulator = plain();
    let answer = emulator.answer(r#"{"do":"exit-after-answer"}"#).await;
    assert_eq!(answer, "last words");
    emulator.line(r#""errorType":"Runtime.ExitError""#).await;
    emulator.answer("{}").await;
    emulator.close().await;
}

#[tokio::test]
async fn an_exit_in_init_is_tried_again_and_then_fails_the_invocation() {
    let mut emulator = Recipe::default().variable("AT_INIT", "exit").open();
    let (error_type, message, kind, _) = failure(&emulator, "{}").await;
    assert_eq!(error_type, "Runtime.ExitError");
    assert_eq!(message, "RequestId: ID Error: Runtime exited with error: exit status 3");
    assert_eq!(kind, FailureKind::Init);
    emulator.line(r#""phase":"init","status":"error","errorType":"Runtime.ExitError""#).await;
    emulator.line(r#""phase":"invoke","status":"error","errorType":"Runtime.ExitError""#).await;
    emulator.close().await;
}

#[tokio::test]
async fn an_init_that_fails_once_is_repeated_inside_the_invocation() {
    let emulator = Recipe::default().variable("AT_INIT", "exit-once").open();
    let answer = emulator.answer("{}").await;
    assert_eq!(answer["count"], 1);
    emulator.close().await;
}

#[tokio::test]
async fn an_init_beyond_its_limit_is_repeated_under_the_functions_timeout() {
    let recipe = Recipe { change: |config| config.init_limit = Duration::from_secs(1), ..Recipe::default() };
    let mut emulator = recipe.variable("AT_INIT", "hang-once").open();
    assert_eq!(emulator.answer("{}").await["count"], 1);
    emulator.line(r#""phase":"init","status":"timeout""#).await;
    emulator.close().await;
    let recipe = Recipe {
        timeout: Duration::from_millis(300),
        change: |config| config.init_limit = Duration::from_secs(1),
        ..Recipe::default()
    };
    let emulator = recipe.variable("AT_INIT", "hang").open();
    assert_eq!(failure(&emulator, "{}").await.2, FailureKind::Timeout);
    emulator.close().await;
}

#[tokio::test]
async fn a_bootstrap_that_is_not_there_fails_every_invocation_and_nothing_else() {
    let emulator = Recipe { bootstrap: "/nowhere/bootstrap", ..Recipe::extension("") }.open();
    for _ in 0..2 {
        let (error_type, message, kind, _) = failure(&emulator, "{}").await;
        assert_eq!(error_type, "Runtime.InvalidEntrypoint");
        assert_eq!(message, "RequestId: ID Error: fork/exec /nowhere/bootstrap: no such file or directory");
        assert_eq!(kind, FailureKind::Init);
    }
    emulator.close().await;
}

#[tokio::test]
async fn an_init_error_reaches_the_client() {
    let emulator = Recipe::default().variable("AT_INIT", "error").open();
    let (error_type, message, kind, _) = failure(&emulator, "{}").await;
    assert_eq!((error_type.as_str(), message.as_str(), kind), ("Function.NoTable", "no table", FailureKind::Init));
    emulator.close().await;
}

#[tokio::test]
async fn what_a_dead_function_started_dies_with_it() {
    let mut emulator = plain();
    emulator.answer(r#"{"do":"spawn"}"#).await;
    let child: u32 = emulator.line("child ").await.line["child ".len()..].parse().expect("a number");
    assert!(process_state(child).is_some());
    emulator.invoke(r#"{"do":"exit"}"#).await;
    gone(child).await;
    emulator.close().await;
}

#[tokio::test]
async fn a_function_that_calls_without_a_pause_does_not_outlive_its_deadline() {
    let emulator = Recipe { timeout: Duration::from_secs(1), ..Recipe::default() }.open();
    assert_eq!(failure(&emulator, r#"{"do":"hammer"}"#).await.2, FailureKind::Timeout);
    emulator.close().await;
}
