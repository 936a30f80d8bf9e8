//! The end of an environment and of the emulator: no process and no folder may be left.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crudder_emulator::{EmulatorEvent, EnvironmentEnd, Invocation, InvokeError, Outcome};
use crudder_testing::process::{self, kill, wait_until_exited};
use crudder_testing::wait::within_timeout;

use crate::support::{FUNCTION, FixtureConfig, start_fixture};

#[tokio::test]
async fn a_shutdown_leaves_no_process_and_no_folder() {
    let mut fixture = FixtureConfig::with_extension("").start();
    fixture.response("{}").await;
    fixture.wait_until_frozen().await;
    let environment = fixture.environment();
    let pids = [environment.runtime.expect("it runs"), environment.extensions[0].1];
    let again = fixture.emulator.clone();
    fixture.emulator.clone().shutdown().await;
    for pid in pids {
        assert_eq!(process::state(pid), None);
    }
    assert!(!environment.folder.exists());
    assert_eq!(
        within_timeout("the error", again.invoke(FUNCTION, Invocation::new("{}"))).await,
        Err(InvokeError::Closed)
    );
}

#[tokio::test]
async fn a_shutdown_fails_an_invocation_that_still_runs() {
    let mut fixture = start_fixture();
    let running = fixture.spawn_invocation(r#"{"do":"print","lines":1,"then":"sleep"}"#);
    fixture.wait_for_line("line 0").await;
    let pid = fixture.environment().runtime.expect("it runs");
    fixture.emulator.clone().shutdown().await;
    assert_eq!(process::state(pid), None);
    let outcome = within_timeout("the outcome", running).await.expect("an outcome");
    assert!(matches!(outcome, Outcome::Failed { error_type, .. } if error_type == "Sandbox.Failure"));
}

#[tokio::test]
async fn the_processes_of_a_dropped_emulator_are_killed() {
    let mut fixture = FixtureConfig::with_extension("").start();
    fixture.response("{}").await;
    fixture.wait_until_frozen().await;
    let environment = fixture.environment();
    drop(fixture);
    wait_until_exited(environment.runtime.expect("it ran")).await;
    wait_until_exited(environment.extensions[0].1).await;
}

#[tokio::test]
async fn the_processes_of_a_killed_emulator_are_killed() {
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
    assert!(pids.iter().all(|pid| process::state(*pid).is_some()), "all of them run");
    kill(host.id());
    host.wait().expect("a child of this process");
    for pid in pids {
        wait_until_exited(pid).await;
    }
}

#[tokio::test]
async fn the_tmp_of_an_environment_is_deleted_when_it_is_spun_down() {
    let mut fixture = FixtureConfig::with_extension("").start();
    let first = fixture.invoke("{}").await.info().environment.clone();
    fixture.wait_until_frozen().await;
    let folder = fixture.environment().folder;
    within_timeout("the end", fixture.emulator.spin_down(&first)).await;
    fixture.wait_for_line(r#""shutdownReason":"spindown""#).await;
    assert!(!folder.exists());
    let end = fixture
        .wait_for("end", |event| match event {
            EmulatorEvent::EnvironmentEnded { end, .. } => Some(*end),
            _ => None,
        })
        .await;
    assert_eq!(end, EnvironmentEnd::Removed);
    let second = fixture.invoke("{}").await;
    assert_ne!(second.info().environment, first);
    fixture.shutdown().await;
}

#[tokio::test]
async fn an_environment_that_is_spun_down_finishes_its_request() {
    let mut fixture = start_fixture();
    let running = fixture.spawn_invocation(r#"{"do":"sleep","ms":300}"#);
    let environment = fixture
        .wait_for("start", |event| match event {
            EmulatorEvent::InvocationStarted { environment, .. } => Some(environment.clone()),
            _ => None,
        })
        .await;
    within_timeout("the end", fixture.emulator.spin_down(&environment)).await;
    let outcome = within_timeout("the outcome", running).await.expect("an outcome");
    assert!(matches!(outcome, Outcome::Succeeded { .. }));
    assert_eq!(fixture.emulator.environments(), []);
    fixture.shutdown().await;
}

#[tokio::test]
async fn a_destroyed_environment_gets_no_shutdown_event() {
    let mut fixture = FixtureConfig::with_extension("").start();
    let environment = fixture.invoke("{}").await.info().environment.clone();
    fixture.wait_until_frozen().await;
    within_timeout("the end", fixture.emulator.destroy(&environment)).await;
    let is_shutdown =
        |event: &EmulatorEvent| matches!(event, EmulatorEvent::Line(line) if line.line.contains("SHUTDOWN"));
    assert!(!fixture.events().iter().any(is_shutdown));
    assert_eq!(fixture.emulator.environments(), []);
    fixture.shutdown().await;
}
