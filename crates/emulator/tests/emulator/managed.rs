//! Lambda Managed Instances. What several invocations at once look like from inside a function is tested with the layer.

use std::time::Duration;

use crudder_emulator::{EmulatorEvent, FailureKind, Outcome};

use crate::support::{Fixture, Recipe};

fn managed(recipe: Recipe) -> Fixture {
    let change = |config: &mut crudder_emulator::EmulatorConfig| {
        config.managed_concurrency = Some(2);
        config.environments_per_function = 1;
    };
    Recipe { change, ..recipe }.open()
}

#[tokio::test]
async fn a_function_is_told_that_it_serves_several_at_once_and_is_never_frozen() {
    let mut emulator = managed(Recipe::default());
    let variables = emulator.answer(r#"{"do":"environment"}"#).await;
    assert_eq!(variables["AWS_LAMBDA_MAX_CONCURRENCY"], "2");
    assert_eq!(variables["AWS_LAMBDA_INITIALIZATION_TYPE"], "lambda-managed-instances");
    let report = emulator.line("platform.report").await.line;
    assert!(report.contains(r#""metrics":{"durationMs":"#) && !report.contains("billedDurationMs"), "{report}");
    emulator.answer("{}").await;
    let mut ended = 0;
    emulator
        .wait_for("end of both", |event| {
            ended += u32::from(matches!(event, EmulatorEvent::InvocationEnded { .. }));
            (ended == 2).then_some(())
        })
        .await;
    let frozen = |event: &EmulatorEvent| matches!(event, EmulatorEvent::Frozen { .. });
    assert!(!emulator.seen().iter().any(frozen));
    emulator.close().await;
}

#[tokio::test]
async fn a_time_out_answers_the_client_and_leaves_the_code_running() {
    let emulator = managed(Recipe { timeout: Duration::from_millis(300), ..Recipe::default() });
    let before = emulator.answer("{}").await;
    let outcome = emulator.invoke(r#"{"do":"sleep","ms":600}"#).await;
    assert!(matches!(outcome, Outcome::Failed { kind: FailureKind::Timeout, .. }), "{outcome:?}");
    // The one worker of this function still sleeps: what comes next waits for it, until its own time is out or it is served.
    let outcome = emulator.invoke(r#"{"do":"sleep","ms":1}"#).await;
    let Outcome::Succeeded { payload, .. } = outcome else { panic!("{outcome:?}") };
    let after: serde_json::Value = serde_json::from_slice(&payload).expect("JSON");
    assert_eq!((&after["pid"], after["count"].as_u64()), (&before["pid"], Some(3)), "the same process went on");
    emulator.close().await;
}

#[tokio::test]
async fn a_crash_ends_the_environment_and_the_next_invocation_has_another() {
    let mut emulator = managed(Recipe::default());
    let before = emulator.answer("{}").await;
    let outcome = emulator.invoke(r#"{"do":"exit","code":7}"#).await;
    let Outcome::Failed { error_type, kind, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!((error_type.as_str(), kind), ("Runtime.ExitError", FailureKind::Exit));
    emulator
        .wait_for("end of the environment", |event| {
            matches!(event, EmulatorEvent::EnvironmentEnded { .. }).then_some(())
        })
        .await;
    assert_ne!(emulator.answer("{}").await["pid"], before["pid"]);
    emulator.close().await;
}

#[tokio::test]
async fn an_extension_that_asks_for_invoke_does_not_come_up() {
    let mut emulator = managed(Recipe::extension("serve"));
    let outcome = emulator.invoke("{}").await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    emulator.line("Extension.Crash").await;
    emulator.close().await;
}
