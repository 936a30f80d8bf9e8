//! Lambda Managed Instances. What several invocations at once look like from inside a function is tested with the layer.

use std::time::Duration;

use crudder_stage::{FailureKind, Outcome, StageEvent};

use crate::support::{Fixture, Recipe};

fn managed(recipe: Recipe) -> Fixture {
    let change = |config: &mut crudder_stage::StageConfig| {
        config.managed_concurrency = Some(2);
        config.environments_per_function = 1;
    };
    Recipe { change, ..recipe }.open()
}

#[tokio::test]
async fn a_function_is_told_that_it_serves_several_at_once_and_is_never_frozen() {
    let mut stage = managed(Recipe::default());
    let variables = stage.answer(r#"{"do":"environment"}"#).await;
    assert_eq!(variables["AWS_LAMBDA_MAX_CONCURRENCY"], "2");
    assert_eq!(variables["AWS_LAMBDA_INITIALIZATION_TYPE"], "lambda-managed-instances");
    let report = stage.line("platform.report").await.line;
    assert!(report.contains(r#""metrics":{"durationMs":"#) && !report.contains("billedDurationMs"), "{report}");
    stage.answer("{}").await;
    let mut ended = 0;
    stage
        .wait_for("end of both", |event| {
            ended += u32::from(matches!(event, StageEvent::InvocationEnded { .. }));
            (ended == 2).then_some(())
        })
        .await;
    let frozen = |event: &StageEvent| matches!(event, StageEvent::Frozen { .. });
    assert!(!stage.seen().iter().any(frozen));
    stage.close().await;
}

#[tokio::test]
async fn a_time_out_answers_the_client_and_leaves_the_code_running() {
    let stage = managed(Recipe { timeout: Duration::from_millis(300), ..Recipe::default() });
    let before = stage.answer("{}").await;
    let outcome = stage.invoke(r#"{"do":"sleep","ms":600}"#).await;
    assert!(matches!(outcome, Outcome::Failed { kind: FailureKind::Timeout, .. }), "{outcome:?}");
    // The one worker of this function still sleeps: what comes next waits for it, until its own time is out or it is served.
    let outcome = stage.invoke(r#"{"do":"sleep","ms":1}"#).await;
    let Outcome::Answered { payload, .. } = outcome else { panic!("{outcome:?}") };
    let after: serde_json::Value = serde_json::from_slice(&payload).expect("JSON");
    assert_eq!((&after["pid"], after["count"].as_u64()), (&before["pid"], Some(3)), "the same process went on");
    stage.close().await;
}

#[tokio::test]
async fn a_crash_ends_the_environment_and_the_next_invocation_has_another() {
    let mut stage = managed(Recipe::default());
    let before = stage.answer("{}").await;
    let outcome = stage.invoke(r#"{"do":"exit","code":7}"#).await;
    let Outcome::Failed { error_type, kind, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!((error_type.as_str(), kind), ("Runtime.ExitError", FailureKind::Exit));
    stage
        .wait_for("end of the environment", |event| matches!(event, StageEvent::EnvironmentEnded { .. }).then_some(()))
        .await;
    assert_ne!(stage.answer("{}").await["pid"], before["pid"]);
    stage.close().await;
}

#[tokio::test]
async fn an_extension_that_asks_for_invoke_does_not_come_up() {
    let mut stage = managed(Recipe::extension("serve"));
    let outcome = stage.invoke("{}").await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    stage.line("Extension.Crash").await;
    stage.close().await;
}
