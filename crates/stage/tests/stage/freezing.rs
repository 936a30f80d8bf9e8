//! An environment in which everybody waits is stopped, and runs again when there is work.

use crudder_stage::StageEvent;

use crate::support::{Recipe, plain, process_state, reaches_state};

#[tokio::test]
async fn an_idle_environment_is_stopped_and_runs_again_for_the_next_request() {
    let mut stage = plain();
    let pid = stage.answer("{}").await["pid"].as_u64().expect("a number") as u32;
    stage.frozen().await;
    reaches_state(pid, 'T').await;
    assert!(stage.environment().frozen);
    stage.forget();
    let again = stage.answer("{}").await;
    assert_eq!(again["pid"].as_u64(), Some(u64::from(pid)));
    stage.wait_for("thaw", |event| matches!(event, StageEvent::Thawed { .. }).then_some(())).await;
    stage.close().await;
}

#[tokio::test]
async fn nobody_is_stopped_while_an_extension_still_works() {
    let mut stage = Recipe::extension("linger").variable("EXTENSION_LINGERS_MS", "1500").open();
    stage.answer("{}").await;
    let environment = stage.environment();
    assert!(!environment.frozen, "the client has its answer, the extension is not done");
    stage.line("lingered").await;
    stage.frozen().await;
    let environment = stage.environment();
    for pid in [environment.runtime.expect("it runs"), environment.extensions[0].1] {
        reaches_state(pid, 'T').await;
    }
    stage.close().await;
}

#[tokio::test]
async fn the_next_request_waits_for_an_extension_that_is_not_done() {
    let mut stage = Recipe::extension("linger").variable("EXTENSION_LINGERS_MS", "200").open();
    let first = stage.invoke("{}").await;
    let second = stage.invoke("{}").await;
    assert_eq!(first.about().environment, second.about().environment);
    let order: Vec<&str> = stage
        .seen()
        .iter()
        .filter_map(|event| match event {
            StageEvent::Line(line) if line.line == "lingered" => Some("lingered"),
            StageEvent::InvocationStarted { .. } => Some("started"),
            _ => None,
        })
        .collect();
    assert_eq!(order[..3], ["started", "lingered", "started"], "{order:?}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_follow_each_other_at_once_stay_in_one_environment() {
    let stage = plain();
    for count in 1..=200 {
        assert_eq!(stage.answer("{}").await["count"], count);
    }
    let environment = stage.environment();
    assert!(process_state(environment.runtime.expect("it runs")).is_some());
    stage.close().await;
}
