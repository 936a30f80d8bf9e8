//! Nothing is left when an environment, or the stage, goes.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use crudder_stage::{Ended, Invocation, InvokeError, StageEvent};

use crate::support::{FUNCTION, Recipe, gone, kill, plain, process_state, soon};

#[tokio::test]
async fn a_shutdown_leaves_no_process_and_no_folder() {
    let mut stage = Recipe::extension("").open();
    stage.answer("{}").await;
    stage.frozen().await;
    let environment = stage.environment();
    let pids = [environment.runtime.expect("it runs"), environment.extensions[0].1];
    let again = stage.stage.clone();
    stage.stage.clone().shutdown().await;
    for pid in pids {
        assert_eq!(process_state(pid), None);
    }
    assert!(!environment.folder.exists());
    assert_eq!(soon(again.invoke(FUNCTION, Invocation::new("{}"))).await, Err(InvokeError::Closed));
}

#[tokio::test]
async fn a_shutdown_ends_an_invocation_that_still_runs() {
    let mut stage = plain();
    let running = stage.start(r#"{"do":"print","lines":1,"then":"sleep"}"#);
    stage.line("line 0").await;
    let pid = stage.environment().runtime.expect("it runs");
    stage.stage.clone().shutdown().await;
    assert_eq!(process_state(pid), None);
    let outcome = soon(running).await.expect("an outcome");
    assert!(matches!(outcome, crudder_stage::Outcome::Failed { error_type, .. } if error_type == "Sandbox.Failure"));
}

#[tokio::test]
async fn a_stage_that_is_dropped_takes_its_processes_with_it() {
    let mut stage = Recipe::extension("").open();
    stage.answer("{}").await;
    stage.frozen().await;
    let environment = stage.environment();
    drop(stage);
    gone(environment.runtime.expect("it ran")).await;
    gone(environment.extensions[0].1).await;
}

#[tokio::test]
async fn no_process_outlives_a_stage_that_is_killed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut host = Command::new(env!("CARGO_BIN_EXE_stage-host"))
        .arg(folder.path())
        .arg(env!("CARGO_BIN_EXE_stage-function"))
        .arg(env!("CARGO_BIN_EXE_stage-extension"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("a host");
    let mut line = String::new();
    BufReader::new(host.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let pids: Vec<u32> = line.split_whitespace().map(|pid| pid.parse().expect("a number")).collect();
    assert_eq!(pids.len(), 3, "runtime, extension and the runtime's child: {line}");
    assert!(pids.iter().all(|pid| process_state(*pid).is_some()), "all of them run");
    kill(host.id());
    host.wait().expect("it is ours");
    for pid in pids {
        gone(pid).await;
    }
}

#[tokio::test]
async fn a_discarded_environment_takes_its_tmp_with_it() {
    let mut stage = Recipe::extension("").open();
    let first = stage.invoke("{}").await.about().environment.clone();
    stage.frozen().await;
    let folder = stage.environment().folder;
    soon(stage.stage.discard(&first)).await;
    stage.line(r#""shutdownReason":"spindown""#).await;
    assert!(!folder.exists());
    let how = stage
        .wait_for("end", |event| match event {
            StageEvent::EnvironmentEnded { how, .. } => Some(*how),
            _ => None,
        })
        .await;
    assert_eq!(how, Ended::Gone);
    let second = stage.invoke("{}").await;
    assert_ne!(second.about().environment, first);
    stage.close().await;
}

#[tokio::test]
async fn a_discarded_environment_serves_its_request_to_the_end() {
    let mut stage = plain();
    let running = stage.start(r#"{"do":"sleep","ms":300}"#);
    let environment = stage
        .wait_for("start", |event| match event {
            StageEvent::InvocationStarted { environment, .. } => Some(environment.clone()),
            _ => None,
        })
        .await;
    soon(stage.stage.discard(&environment)).await;
    let outcome = soon(running).await.expect("an outcome");
    assert!(matches!(outcome, crudder_stage::Outcome::Answered { .. }));
    assert_eq!(stage.stage.environments(), []);
    stage.close().await;
}

#[tokio::test]
async fn a_destroyed_environment_is_gone_without_a_word() {
    let mut stage = Recipe::extension("").open();
    let environment = stage.invoke("{}").await.about().environment.clone();
    stage.frozen().await;
    soon(stage.stage.destroy(&environment)).await;
    let told = |event: &StageEvent| matches!(event, StageEvent::Line(line) if line.line.contains("SHUTDOWN"));
    assert!(!stage.seen().iter().any(told));
    assert_eq!(stage.stage.environments(), []);
    stage.close().await;
}
