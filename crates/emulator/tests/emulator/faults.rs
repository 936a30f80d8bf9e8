//! Injected faults.

use std::time::Duration;

use crudder_emulator::{EmulatorEvent, FailureKind, Faults, Freeze, Kill, KillTarget, KillTrigger, Outcome, Source};
use crudder_testing::process::wait_for_state;

use crate::support::{FUNCTION, Fixture, FixtureConfig, start_fixture};

fn set_faults(fixture: &Fixture, faults: Faults) {
    fixture.emulator.set_faults(FUNCTION, faults).expect("a known function");
}

fn kill(target: KillTarget, trigger: KillTrigger) -> Faults {
    let kill = Kill { target, trigger, delay: Duration::from_millis(20) };
    Faults { kills: vec![kill], ..Faults::default() }
}

async fn wait_for_kill(fixture: &mut Fixture, wanted: &Source) {
    fixture
        .wait_for("kill", |event| match event {
            EmulatorEvent::ProcessEnded { process, exit_status, .. }
                if process == wanted && exit_status == "signal: killed" =>
            {
                Some(())
            }
            _ => None,
        })
        .await;
}

#[tokio::test]
async fn a_kill_during_an_invocation_happens_once() {
    let fixture = start_fixture();
    set_faults(&fixture, kill(KillTarget::Runtime, KillTrigger::Invoked));
    let failed = fixture.invoke(r#"{"do":"sleep","ms":20000}"#).await;
    assert!(matches!(failed, Outcome::Failed { kind: FailureKind::Exit, .. }), "{failed:?}");
    fixture.response(r#"{"do":"sleep","ms":50}"#).await;
    fixture.shutdown().await;
}

#[tokio::test]
async fn an_extension_can_be_killed_while_it_works_after_the_response() {
    let mut fixture = FixtureConfig::with_extension("linger").variable("EXTENSION_LINGERS_MS", "20000").start();
    set_faults(&fixture, kill(KillTarget::Extensions, KillTrigger::RuntimeDone));
    fixture.response("{}").await;
    wait_for_kill(&mut fixture, &Source::Extension("emulator-extension".to_owned())).await;
    let report = fixture.wait_for_line("platform.report").await.line;
    assert!(report.contains(r#""errorType":"Extension.Crash""#), "{report}");
    fixture.shutdown().await;
}

#[tokio::test]
async fn an_extension_can_be_killed_at_its_start_and_at_shutdown() {
    let mut fixture = FixtureConfig::with_extension("linger").start();
    let faults = Faults {
        kills: vec![Kill { target: KillTarget::Extensions, trigger: KillTrigger::Started, delay: Duration::ZERO }],
        ..Faults::default()
    };
    set_faults(&fixture, faults);
    fixture.response("{}").await;
    fixture.wait_for_line(r#""phase":"init","status":"error","errorType":"Extension.Crash""#).await;
    fixture.shutdown().await;
    let mut fixture = FixtureConfig::with_extension("ignore-shutdown").start();
    fixture.response("{}").await;
    fixture.wait_until_frozen().await;
    set_faults(&fixture, kill(KillTarget::Extensions, KillTrigger::Shutdown));
    let begin = std::time::Instant::now();
    fixture.emulator.clone().shutdown().await;
    assert!(begin.elapsed() < Duration::from_millis(1_900), "the kill came before the two seconds of a shutdown");
    wait_for_kill(&mut fixture, &Source::Extension("emulator-extension".to_owned())).await;
}

#[tokio::test]
async fn an_extension_can_be_stopped_during_its_work() {
    let mut fixture = FixtureConfig::with_extension("linger").variable("EXTENSION_LINGERS_MS", "1000").start();
    let freeze = Freeze { delay: Duration::from_millis(50), duration: Duration::from_secs(2) };
    set_faults(&fixture, Faults { freeze: Some(freeze), ..Faults::default() });
    fixture.response("{}").await;
    let pid = fixture.environment().extensions[0].1;
    wait_for_state(pid, 'T').await;
    assert!(!fixture.environment().frozen, "the fault stopped it, the environment is not frozen");
    fixture.wait_for_line("lingered").await;
    fixture.wait_until_frozen().await;
    fixture.shutdown().await;
}

#[tokio::test]
async fn registrations_for_invoke_can_be_refused() {
    let mut fixture = FixtureConfig::with_extension("").start();
    set_faults(&fixture, Faults { refuse_invoke: true, ..Faults::default() });
    let failed = fixture.invoke("{}").await;
    assert!(matches!(failed, Outcome::Failed { .. }));
    let refused = fixture.wait_for_line("registered 403").await.line;
    assert!(refused.contains("INVOKE"), "{refused}");
    fixture.shutdown().await;
    let mut fixture = FixtureConfig::with_extension("").variable("EXTENSION_EVENTS", "SHUTDOWN").start();
    set_faults(&fixture, Faults { refuse_invoke: true, ..Faults::default() });
    let variables = fixture.response(r#"{"do":"environment"}"#).await;
    assert_eq!(variables["AWS_LAMBDA_INITIALIZATION_TYPE"], "lambda-managed-instances");
    fixture.wait_for_line("registered 200").await;
    fixture.shutdown().await;
}

#[tokio::test]
async fn a_function_beyond_its_memory_is_killed_with_lambdas_message() {
    let mut fixture = FixtureConfig { memory_mb: 64, ..FixtureConfig::with_extension("") }.start();
    let failed = fixture.invoke(r#"{"do":"allocate","mb":256}"#).await;
    let Outcome::Failed { error_type, message, kind, info, .. } = failed else { panic!("it must fail") };
    assert_eq!((error_type.as_str(), kind), ("Runtime.OutOfMemory", FailureKind::OutOfMemory));
    assert_eq!(message, format!("RequestId: {} Error: Runtime exited with error: signal: killed", info.request_id));
    let report = fixture.wait_for_line("platform.report").await.line;
    assert!(report.contains(r#""status":"error","errorType":"Runtime.OutOfMemory""#), "{report}");
    assert!(report.contains(r#""memorySizeMB":64,"maxMemoryUsedMB":64"#), "{report}");
    wait_for_kill(&mut fixture, &Source::Function).await;
    fixture.wait_for_line(r#""shutdownReason":"failure""#).await;
    fixture.response("{}").await;
    fixture.shutdown().await;
}

#[tokio::test]
async fn out_of_memory_can_kill_the_extension_too() {
    let mut fixture = FixtureConfig { memory_mb: 64, ..FixtureConfig::with_extension("") }.start();
    set_faults(&fixture, Faults { out_of_memory_kills_extensions: true, ..Faults::default() });
    fixture.invoke(r#"{"do":"allocate","mb":256}"#).await;
    wait_for_kill(&mut fixture, &Source::Function).await;
    wait_for_kill(&mut fixture, &Source::Extension("emulator-extension".to_owned())).await;
    fixture.shutdown().await;
}
