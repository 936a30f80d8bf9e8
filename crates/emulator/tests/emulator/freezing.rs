//! An environment whose processes all wait in `next` is frozen, and thaws for the next request.

use crudder_emulator::EmulatorEvent;
use crudder_testing::process::{self, wait_for_state};

use crate::support::{FixtureConfig, start_fixture};

#[tokio::test]
async fn an_idle_environment_is_frozen_and_thaws_for_the_next_request() {
    let mut fixture = start_fixture();
    let pid = fixture.response("{}").await["pid"].as_u64().expect("a number") as u32;
    fixture.wait_until_frozen().await;
    wait_for_state(pid, 'T').await;
    assert!(fixture.environment().frozen);
    fixture.clear_events();
    let again = fixture.response("{}").await;
    assert_eq!(again["pid"].as_u64(), Some(u64::from(pid)));
    fixture.wait_for("thaw", |event| matches!(event, EmulatorEvent::Thawed { .. }).then_some(())).await;
    fixture.shutdown().await;
}

#[tokio::test]
async fn no_process_is_frozen_while_an_extension_works() {
    let mut fixture = FixtureConfig::with_extension("linger").variable("EXTENSION_LINGERS_MS", "1500").start();
    fixture.response("{}").await;
    let environment = fixture.environment();
    assert!(!environment.frozen, "the caller has its response, but the extension is not done");
    fixture.wait_for_line("lingered").await;
    fixture.wait_until_frozen().await;
    let environment = fixture.environment();
    for pid in [environment.runtime.expect("it runs"), environment.extensions[0].1] {
        wait_for_state(pid, 'T').await;
    }
    fixture.shutdown().await;
}

#[tokio::test]
async fn the_next_request_waits_for_an_extension_that_is_not_done() {
    let mut fixture = FixtureConfig::with_extension("linger").variable("EXTENSION_LINGERS_MS", "200").start();
    let first = fixture.invoke("{}").await;
    let second = fixture.invoke("{}").await;
    assert_eq!(first.info().environment, second.info().environment);
    let order: Vec<&str> = fixture
        .events()
        .iter()
        .filter_map(|event| match event {
            EmulatorEvent::Line(line) if line.line == "lingered" => Some("lingered"),
            EmulatorEvent::InvocationStarted { .. } => Some("started"),
            _ => None,
        })
        .collect();
    assert_eq!(order[..3], ["started", "lingered", "started"], "{order:?}");
    fixture.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sequential_requests_without_a_pause_use_one_environment() {
    let fixture = start_fixture();
    for count in 1..=200 {
        assert_eq!(fixture.response("{}").await["count"], count);
    }
    let environment = fixture.environment();
    assert!(process::state(environment.runtime.expect("it runs")).is_some());
    fixture.shutdown().await;
}
