//! Faults that happen on demand.

use std::time::Duration;

use crudder_stage::{FailureKind, Faults, Freeze, Kill, Moment, Outcome, Source, StageEvent, Whom};

use crate::support::{FUNCTION, Fixture, Recipe, plain, reaches_state};

fn order(stage: &Fixture, faults: Faults) {
    stage.stage.set_faults(FUNCTION, faults).expect("a known function");
}

fn kill(whom: Whom, moment: Moment) -> Faults {
    let kill = Kill { whom, moment, after: Duration::from_millis(20) };
    Faults { kills: vec![kill], ..Faults::default() }
}

async fn killed(stage: &mut Fixture, wanted: &Source) {
    stage
        .wait_for("kill", |event| match event {
            StageEvent::ProcessEnded { process, how, .. } if process == wanted && how == "signal: killed" => Some(()),
            _ => None,
        })
        .await;
}

#[tokio::test]
async fn a_function_can_be_killed_while_it_serves_once() {
    let stage = plain();
    order(&stage, kill(Whom::Runtime, Moment::Invoked));
    let failed = stage.invoke(r#"{"do":"sleep","ms":20000}"#).await;
    assert!(matches!(failed, Outcome::Failed { kind: FailureKind::Exit, .. }), "{failed:?}");
    stage.answer(r#"{"do":"sleep","ms":50}"#).await;
    stage.close().await;
}

#[tokio::test]
async fn an_extension_can_be_killed_while_it_works_after_the_answer() {
    let mut stage = Recipe::extension("linger").variable("EXTENSION_LINGERS_MS", "20000").open();
    order(&stage, kill(Whom::Extensions, Moment::RuntimeDone));
    stage.answer("{}").await;
    killed(&mut stage, &Source::Extension("stage-extension".to_owned())).await;
    let report = stage.line("platform.report").await.line;
    assert!(report.contains(r#""errorType":"Extension.Crash""#), "{report}");
    stage.close().await;
}

#[tokio::test]
async fn an_extension_can_be_killed_at_its_start_and_at_its_end() {
    let mut stage = Recipe::extension("linger").open();
    let faults = Faults {
        kills: vec![Kill { whom: Whom::Extensions, moment: Moment::Started, after: Duration::ZERO }],
        ..Faults::default()
    };
    order(&stage, faults);
    stage.answer("{}").await;
    stage.line(r#""phase":"init","status":"error","errorType":"Extension.Crash""#).await;
    stage.close().await;
    let mut stage = Recipe::extension("ignore-shutdown").open();
    stage.answer("{}").await;
    stage.frozen().await;
    order(&stage, kill(Whom::Extensions, Moment::Shutdown));
    let begin = std::time::Instant::now();
    stage.stage.clone().shutdown().await;
    assert!(begin.elapsed() < Duration::from_millis(1_900), "it did not have its two seconds");
    killed(&mut stage, &Source::Extension("stage-extension".to_owned())).await;
}

#[tokio::test]
async fn an_extension_can_be_stopped_in_the_middle_of_its_work() {
    let mut stage = Recipe::extension("linger").variable("EXTENSION_LINGERS_MS", "1000").open();
    let freeze = Freeze { after: Duration::from_millis(50), lasts: Duration::from_secs(2) };
    order(&stage, Faults { freeze: Some(freeze), ..Faults::default() });
    stage.answer("{}").await;
    let pid = stage.environment().extensions[0].1;
    reaches_state(pid, 'T').await;
    assert!(!stage.environment().frozen, "the fault stopped it, not the end of its work");
    stage.line("lingered").await;
    stage.frozen().await;
    stage.close().await;
}

#[tokio::test]
async fn managed_instances_refuse_invoke() {
    let mut stage = Recipe::extension("").open();
    order(&stage, Faults { refuse_invoke: true, ..Faults::default() });
    let failed = stage.invoke("{}").await;
    assert!(matches!(failed, Outcome::Failed { .. }));
    let refused = stage.line("registered 403").await.line;
    assert!(refused.contains("INVOKE"), "{refused}");
    stage.close().await;
    let mut stage = Recipe::extension("").variable("EXTENSION_EVENTS", "SHUTDOWN").open();
    order(&stage, Faults { refuse_invoke: true, ..Faults::default() });
    let seen = stage.answer(r#"{"do":"environment"}"#).await;
    assert_eq!(seen["AWS_LAMBDA_INITIALIZATION_TYPE"], "lambda-managed-instances");
    stage.line("registered 200").await;
    stage.close().await;
}

#[tokio::test]
async fn a_function_that_takes_more_memory_than_it_has_is_killed_in_lambdas_words() {
    let mut stage = Recipe { memory_mb: 64, ..Recipe::extension("") }.open();
    let failed = stage.invoke(r#"{"do":"allocate","mb":256}"#).await;
    let Outcome::Failed { error_type, message, kind, about, .. } = failed else { panic!("it must fail") };
    assert_eq!((error_type.as_str(), kind), ("Runtime.OutOfMemory", FailureKind::OutOfMemory));
    assert_eq!(message, format!("RequestId: {} Error: Runtime exited with error: signal: killed", about.request_id));
    let report = stage.line("platform.report").await.line;
    assert!(report.contains(r#""status":"error","errorType":"Runtime.OutOfMemory""#), "{report}");
    assert!(report.contains(r#""memorySizeMB":64,"maxMemoryUsedMB":64"#), "{report}");
    killed(&mut stage, &Source::Function).await;
    stage.line(r#""shutdownReason":"failure""#).await;
    stage.answer("{}").await;
    stage.close().await;
}

#[tokio::test]
async fn memory_may_take_the_extension_along() {
    let mut stage = Recipe { memory_mb: 64, ..Recipe::extension("") }.open();
    order(&stage, Faults { out_of_memory_takes_extensions: true, ..Faults::default() });
    stage.invoke(r#"{"do":"allocate","mb":256}"#).await;
    killed(&mut stage, &Source::Function).await;
    killed(&mut stage, &Source::Extension("stage-extension".to_owned())).await;
    stage.close().await;
}
