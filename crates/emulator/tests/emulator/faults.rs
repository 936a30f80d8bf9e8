//! Faults that happen on demand.

use std::time::Duration;

use crudder_emulator::{EmulatorEvent, FailureKind, Faults, Freeze, Kill, KillTarget, KillTrigger, Outcome, Source};

use crate::support::{FUNCTION, Fixture, Recipe, plain, reaches_state};

fn order(emulator: &Fixture, faults: Faults) {
    emulator.emulator.set_faults(FUNCTION, faults).expect("a known function");
}

fn kill(whom: KillTarget, moment: KillTrigger) -> Faults {
    let kill = Kill { target: whom, trigger: moment, delay: Duration::from_millis(20) };
    Faults { kills: vec![kill], ..Faults::default() }
}

async fn killed(emulator: &mut Fixture, wanted: &Source) {
    emulator
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
async fn a_function_can_be_killed_while_it_serves_once() {
    let emulator = plain();
    order(&emulator, kill(KillTarget::Runtime, KillTrigger::Invoked));
    let failed = emulator.invoke(r#"{"do":"sleep","ms":20000}"#).await;
    assert!(matches!(failed, Outcome::Failed { kind: FailureKind::Exit, .. }), "{failed:?}");
    emulator.answer(r#"{"do":"sleep","ms":50}"#).await;
    emulator.close().await;
}

#[tokio::test]
async fn an_extension_can_be_killed_while_it_works_after_the_answer() {
    let mut emulator = Recipe::extension("linger").variable("EXTENSION_LINGERS_MS", "20000").open();
    order(&emulator, kill(KillTarget::Extensions, KillTrigger::RuntimeDone));
    emulator.answer("{}").await;
    killed(&mut emulator, &Source::Extension("emulator-extension".to_owned())).await;
    let report = emulator.line("platform.report").await.line;
    assert!(report.contains(r#""errorType":"Extension.Crash""#), "{report}");
    emulator.close().await;
}

#[tokio::test]
async fn an_extension_can_be_killed_at_its_start_and_at_its_end() {
    let mut emulator = Recipe::extension("linger").open();
    let faults = Faults {
        kills: vec![Kill { target: KillTarget::Extensions, trigger: KillTrigger::Started, delay: Duration::ZERO }],
        ..Faults::default()
    };
    order(&emulator, faults);
    emulator.answer("{}").await;
    emulator.line(r#""phase":"init","status":"error","errorType":"Extension.Crash""#).await;
    emulator.close().await;
    let mut emulator = Recipe::extension("ignore-shutdown").open();
    emulator.answer("{}").await;
    emulator.frozen().await;
    order(&emulator, kill(KillTarget::Extensions, KillTrigger::Shutdown));
    let begin = std::time::Instant::now();
    emulator.emulator.clone().shutdown().await;
    assert!(begin.elapsed() < Duration::from_millis(1_900), "it did not have its two seconds");
    killed(&mut emulator, &Source::Extension("emulator-extension".to_owned())).await;
}

#[tokio::test]
async fn an_extension_can_be_stopped_in_the_middle_of_its_work() {
    let mut emulator = Recipe::extension("linger").variable("EXTENSION_LINGERS_MS", "1000").open();
    let freeze = Freeze { delay: Duration::from_millis(50), duration: Duration::from_secs(2) };
    order(&emulator, Faults { freeze: Some(freeze), ..Faults::default() });
    emulator.answer("{}").await;
    let pid = emulator.environment().extensions[0].1;
    reaches_state(pid, 'T').await;
    assert!(!emulator.environment().frozen, "the fault stopped it, not the end of its work");
    emulator.line("lingered").await;
    emulator.frozen().await;
    emulator.close().await;
}

#[tokio::test]
async fn managed_instances_refuse_invoke() {
    let mut emulator = Recipe::extension("").open();
    order(&emulator, Faults { refuse_invoke: true, ..Faults::default() });
    let failed = emulator.invoke("{}").await;
    assert!(matches!(failed, Outcome::Failed { .. }));
    let refused = emulator.line("registered 403").await.line;
    assert!(refused.contains("INVOKE"), "{refused}");
    emulator.close().await;
    let mut emulator = Recipe::extension("").variable("EXTENSION_EVENTS", "SHUTDOWN").open();
    order(&emulator, Faults { refuse_invoke: true, ..Faults::default() });
    let seen = emulator.answer(r#"{"do":"environment"}"#).await;
    assert_eq!(seen["AWS_LAMBDA_INITIALIZATION_TYPE"], "lambda-managed-instances");
    emulator.line("registered 200").await;
    emulator.close().await;
}

#[tokio::test]
async fn a_function_that_takes_more_memory_than_it_has_is_killed_in_lambdas_words() {
    let mut emulator = Recipe { memory_mb: 64, ..Recipe::extension("") }.open();
    let failed = emulator.invoke(r#"{"do":"allocate","mb":256}"#).await;
    let Outcome::Failed { error_type, message, kind, info, .. } = failed else { panic!("it must fail") };
    assert_eq!((error_type.as_str(), kind), ("Runtime.OutOfMemory", FailureKind::OutOfMemory));
    assert_eq!(message, format!("RequestId: {} Error: Runtime exited with error: signal: killed", info.request_id));
    let report = emulator.line("platform.report").await.line;
    assert!(report.contains(r#""status":"error","errorType":"Runtime.OutOfMemory""#), "{report}");
    assert!(report.contains(r#""memorySizeMB":64,"maxMemoryUsedMB":64"#), "{report}");
    killed(&mut emulator, &Source::Function).await;
    emulator.line(r#""shutdownReason":"failure""#).await;
    emulator.answer("{}").await;
    emulator.close().await;
}

#[tokio::test]
async fn memory_may_take_the_extension_along() {
    let mut emulator = Recipe { memory_mb: 64, ..Recipe::extension("") }.open();
    order(&emulator, Faults { out_of_memory_kills_extensions: true, ..Faults::default() });
    emulator.invoke(r#"{"do":"allocate","mb":256}"#).await;
    killed(&mut emulator, &Source::Function).await;
    killed(&mut emulator, &Source::Extension("emulator-extension".to_owned())).await;
    emulator.close().await;
}
