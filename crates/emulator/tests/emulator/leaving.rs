//! Nothing is left when an environment, or the emulator, goes.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crudder_emulator::{EmulatorEvent, EnvironmentEnd, Invocation, InvokeError};

use crate::support::{FUNCTION, Recipe, gone, kill, plain, process_state, soon};

#[tokio::test]
async fn a_shutdown_leaves_no_process_and_no_folder() {
    let mut emulator = Recipe::extension("").open();
    emulator.answer("{}").await;
    emulator.frozen().await;
    let environment = emulator.environment();
    let pids = [environment.runtime.expect("it runs"), environment.extensions[0].1];
    let again = emulator.emulator.clone();
    emulator.emulator.clone().shutdown().await;
    for pid in pids {
        assert_eq!(process_state(pid), None);
    }
    assert!(!environment.folder.exists());
    assert_eq!(soon(again.invoke(FUNCTION, Invocation::new("{}"))).await, Err(InvokeError::Closed));
}

#[tokio::test]
async fn a_shutdown_ends_an_invocation_that_still_runs() {
    let mut emulator = plain();
    let running = emulator.start(r#"{"do":"print","lines":1,"then":"sleep"}"#);
    emulator.line("line 0").await;
    let pid = emulator.environment().runtime.expect("it runs");
    emulator.emulator.clone().shutdown().await;
    assert_eq!(process_state(pid), None);
    let outcome = soon(running).await.expect("an outcome");
    assert!(matches!(outcome, crudder_emulator::Outcome::Failed { error_type, .. } if error_type == "Sandbox.Failure"));
}

#[tokio::test]
async fn a_stage_that_is_dropped_takes_its_processes_with_it() {
    let mut emulator = Recipe::extension("").open();
    emulator.answer("{}").await;
    emulator.frozen().await;
    let environment = emulator.environment();
    drop(emulator);
    gone(environment.runtime.expect("it ran")).await;
    gone(environment.extensions[0].1).await;
}

#[tokio::test]
async fn no_process_outlives_a_stage_that_is_killed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut host = Command::new(env!("CARGO_BIN_EXE_emulator-host"))
        .arg(folder.path())
        .arg(env!("CARGO_BIN_EXE_emulator-function"))
        .arg(env!("CARGO_BIN_EXE_emulator-extension"))
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
    let mut emulator = Recipe::extension("").open();
    let first = emulator.invoke("{}").await.info().environment.clone();
    emulator.frozen().await;
    let folder = emulator.environment().folder;
    soon(emulator.emulator.spin_down(&first)).await;
    emulator.line(r#""shutdownReason":"spindown""#).await;
    assert!(!folder.exists());
    let end = emulator
        .wait_for("end", |event| match event {
            EmulatorEvent::EnvironmentEnded { end, .. } => Some(*end),
            _ => None,
        })
        .await;
    assert_eq!(end, EnvironmentEnd::Removed);
    let second = emulator.invoke("{}").await;
    assert_ne!(second.info().environment, first);
    emulator.close().await;
}

#[tokio::test]
async fn a_discarded_environment_serves_its_request_to_the_end() {
    let mut emulator = plain();
    let running = emulator.start(r#"{"do":"sleep","ms":300}"#);
    let environment = emulator
        .wait_for("start", |event| match event {
            EmulatorEvent::InvocationStarted { environment, .. } => Some(environment.clone()),
            _ => None,
        })
        .await;
    soon(emulator.emulator.spin_down(&environment)).await;
    let outcome = soon(running).await.expect("an outcome");
    assert!(matches!(outcome, crudder_emulator::Outcome::Succeeded { .. }));
    assert_eq!(emulator.emulator.environments(), []);
    emulator.close().await;
}

#[tokio::test]
async fn a_destroyed_environment_is_gone_without_a_word() {
    let mut emulator = Recipe::extension("").open();
    let environment = emulator.invoke("{}").await.info().environment.clone();
    emulator.frozen().await;
    soon(emulator.emulator.destroy(&environment)).await;
    let told = |event: &EmulatorEvent| matches!(event, EmulatorEvent::Line(line) if line.line.contains("SHUTDOWN"));
    assert!(!emulator.seen().iter().any(told));
    assert_eq!(emulator.emulator.environments(), []);
    emulator.close().await;
}
