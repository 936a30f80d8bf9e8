//! Lambda Managed Instances. The tests of the layer have functions with concurrent invocations.

use std::time::Duration;

use crudder_emulator::{EmulatorConfig, EmulatorEvent, FailureKind, Outcome};

use crate::support::{Fixture, FixtureConfig};

fn start_managed(config: FixtureConfig) -> Fixture {
    let configure = |config: &mut EmulatorConfig| {
        config.managed_concurrency = Some(2);
        config.environments_per_function = 1;
    };
    FixtureConfig { configure, ..config }.start()
}

#[tokio::test]
async fn a_function_gets_its_concurrency_and_is_never_frozen() {
    let mut fixture = start_managed(FixtureConfig::default());
    let variables = fixture.response(r#"{"do":"environment"}"#).await;
    assert_eq!(variables["AWS_LAMBDA_MAX_CONCURRENCY"], "2");
    assert_eq!(variables["AWS_LAMBDA_INITIALIZATION_TYPE"], "lambda-managed-instances");
    let report = fixture.wait_for_line("platform.report").await.line;
    assert!(report.contains(r#""metrics":{"durationMs":"#) && !report.contains("billedDurationMs"), "{report}");
    fixture.response("{}").await;
    let mut ended = 0;
    fixture
        .wait_for("end of both", |event| {
            ended += u32::from(matches!(event, EmulatorEvent::InvocationEnded { .. }));
            (ended == 2).then_some(())
        })
        .await;
    let frozen = |event: &EmulatorEvent| matches!(event, EmulatorEvent::Frozen { .. });
    assert!(!fixture.events().iter().any(frozen));
    fixture.shutdown().await;
}

#[tokio::test]
async fn a_timeout_fails_the_invocation_and_leaves_the_code_running() {
    let fixture = start_managed(FixtureConfig { timeout: Duration::from_millis(300), ..FixtureConfig::default() });
    let before = fixture.response("{}").await;
    let outcome = fixture.invoke(r#"{"do":"sleep","ms":600}"#).await;
    assert!(matches!(outcome, Outcome::Failed { kind: FailureKind::Timeout, .. }), "{outcome:?}");
    // The function has one worker, which still sleeps. The next invocation waits for it.
    let outcome = fixture.invoke(r#"{"do":"sleep","ms":1}"#).await;
    let Outcome::Succeeded { payload, .. } = outcome else { panic!("{outcome:?}") };
    let after: serde_json::Value = serde_json::from_slice(&payload).expect("JSON");
    assert_eq!((&after["pid"], after["count"].as_u64()), (&before["pid"], Some(3)), "the process runs on");
    fixture.shutdown().await;
}

#[tokio::test]
async fn after_a_crash_the_next_invocation_gets_a_new_environment() {
    let mut fixture = start_managed(FixtureConfig::default());
    let before = fixture.response("{}").await;
    let outcome = fixture.invoke(r#"{"do":"exit","code":7}"#).await;
    let Outcome::Failed { error_type, kind, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!((error_type.as_str(), kind), ("Runtime.ExitError", FailureKind::Exit));
    fixture
        .wait_for("end of the environment", |event| {
            matches!(event, EmulatorEvent::EnvironmentEnded { .. }).then_some(())
        })
        .await;
    assert_ne!(fixture.response("{}").await["pid"], before["pid"]);
    fixture.shutdown().await;
}

#[tokio::test]
async fn an_extension_that_registers_for_invoke_fails_the_init_phase() {
    let mut fixture = start_managed(FixtureConfig::with_extension("serve"));
    let outcome = fixture.invoke("{}").await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    fixture.wait_for_line("Extension.Crash").await;
    fixture.shutdown().await;
}
