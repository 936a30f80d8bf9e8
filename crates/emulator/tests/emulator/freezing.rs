//! An environment in which everybody waits is stopped, and runs again when there is work.

use crudder_emulator::EmulatorEvent;

use crate::support::{Recipe, plain, process_state, reaches_state};

#[tokio::test]
async fn an_idle_environment_is_stopped_and_runs_again_for_the_next_request() {
    let mut emulator = plain();
    let pid = emulator.answer("{}").await["pid"].as_u64().expect("a number") as u32;
    emulator.frozen().await;
    reaches_state(pid, 'T').await;
    assert!(emulator.environment().frozen);
    emulator.forget();
    let again = emulator.answer("{}").await;
    assert_eq!(again["pid"].as_u64(), Some(u64::from(pid)));
    emulator.wait_for("thaw", |event| matches!(event, EmulatorEvent::Thawed { .. }).then_some(())).await;
    emulator.close().await;
}

#[tokio::test]
async fn nobody_is_stopped_while_an_extension_still_works() {
    let mut emulator = Recipe::extension("linger").variable("EXTENSION_LINGERS_MS", "1500").open();
    emulator.answer("{}").await;
    let environment = emulator.environment();
    assert!(!environment.frozen, "the client has its answer, the extension is not done");
    emulator.line("lingered").await;
    emulator.frozen().await;
    let environment = emulator.environment();
    for pid in [environment.runtime.expect("it runs"), environment.extensions[0].1] {
        reaches_state(pid, 'T').await;
    }
    emulator.close().await;
}

#[tokio::test]
async fn the_next_request_waits_for_an_extension_that_is_not_done() {
    let mut emulator = Recipe::extension("linger").variable("EXTENSION_LINGERS_MS", "200").open();
    let first = emulator.invoke("{}").await;
    let second = emulator.invoke("{}").await;
    assert_eq!(first.info().environment, second.info().environment);
    let order: Vec<&str> = emulator
        .seen()
        .iter()
        .filter_map(|event| match event {
            EmulatorEvent::Line(line) if line.line == "lingered" => Some("lingered"),
            EmulatorEvent::InvocationStarted { .. } => Some("started"),
            _ => None,
        })
        .collect();
    assert_eq!(order[..3], ["started", "lingered", "started"], "{order:?}");
    emulator.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_follow_each_other_at_once_stay_in_one_environment() {
    let emulator = plain();
    for count in 1..=200 {
        assert_eq!(emulator.answer("{}").await["count"], count);
    }
    let environment = emulator.environment();
    assert!(process_state(environment.runtime.expect("it runs")).is_some());
    emulator.close().await;
}
