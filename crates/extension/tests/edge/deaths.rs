//! However a request ends, all of it is exported: one test for each way to end.

use std::time::Duration;

use crudder_emulator::{FailureKind, Faults, Kill, KillTarget, KillTrigger, Outcome};

use crate::support::{FUNCTION, Fixture, Setup, start};

const ROOT_SPAN: &str = "GET /fixture";

#[tokio::test]
async fn a_success_is_a_complete_trace_and_no_item() {
    let mut fixture = start().await;
    let (outcome, trace) = fixture.call("ok").await;
    assert!(matches!(outcome, Outcome::Succeeded { .. }), "{outcome:?}");
    let spans = fixture.spans(trace, 3).await;
    assert_eq!(spans.keys().collect::<Vec<_>>(), [ROOT_SPAN, "fatal", "step"]);
    assert_eq!(spans[ROOT_SPAN].parent_span_id, None);
    assert_eq!(spans["step"].parent_span_id.as_deref(), Some(spans[ROOT_SPAN].span_id.as_str()));
    let segments = fixture.segments(trace, ROOT_SPAN).await;
    assert_eq!(segments[ROOT_SPAN]["fault"], serde_json::Value::Null);
    fixture.fakes.rollbar.with_store(|store| assert_eq!(store.item_count(), 0));
    fixture.close().await;
}

#[tokio::test]
async fn an_error_is_a_failed_trace_and_an_item_with_type_message_and_request() {
    let mut fixture = start().await;
    let (_, trace) = fixture.call("error").await;
    let spans = fixture.spans(trace, 3).await;
    assert_eq!(spans[ROOT_SPAN].attributes["exception.type"], "FixtureError");
    let items = fixture.items(trace, 1).await;
    let [item] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!((item.class.as_deref(), item.message.as_deref()), (Some("FixtureError"), Some("the store is on fire")));
    assert_eq!((item.level.as_str(), item.context.as_deref()), ("error", Some(ROOT_SPAN)));
    assert_eq!(item.data["request"]["method"], "GET");
    assert!(!item.raw.contains("s3cr3t-t0ken"), "{}", item.raw);
    fixture.discard().await;
    fixture
        .fakes
        .rollbar
        .with_store(|store| assert_eq!(store.item_count(), 1, "{:?}", store.items().collect::<Vec<_>>()));
    fixture.close().await;
}

#[tokio::test]
async fn a_panic_is_one_critical_item_with_frames() {
    let mut fixture = start().await;
    let (_, trace) = fixture.call("panic").await;
    let items = fixture.items(trace, 1).await;
    let [item] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!((item.level.as_str(), item.class.as_deref()), ("critical", Some("panic")));
    assert_eq!(item.message.as_deref(), Some("the fixture panics"));
    let frames = item.data["body"]["trace_chain"][0]["frames"].as_array().expect("frames");
    assert!(!frames.is_empty(), "{}", item.raw);
    fixture.close().await;
}

#[tokio::test]
async fn a_warning_that_is_a_report_is_an_item_at_its_level() {
    let mut fixture = start().await;
    let (_, trace) = fixture.call("report").await;
    let items = fixture.items(trace, 1).await;
    let [item] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!((item.level.as_str(), item.message.as_deref()), ("warning", Some("look at this")));
    fixture.close().await;
}

/// Checks what every death has in common: a complete trace to the last span started, closed as
/// failed with the cause; the failed span named in Honeycomb, X-Ray and one critical item.
async fn dies(mut fixture: Fixture, kind: &str, failure: FailureKind, cause: &str, line: &str) {
    let (outcome, trace) = fixture.call(kind).await;
    assert!(matches!(&outcome, Outcome::Failed { kind, .. } if *kind == failure), "{outcome:?}");
    let spans = fixture.spans(trace, 3).await;
    for open in [ROOT_SPAN, "fatal"] {
        assert_eq!(spans[open].attributes["crudder.death"], cause, "{open}");
        assert!(spans[open].end_ns >= spans[open].start_ns);
    }
    assert_eq!(spans["fatal"].attributes["crudder.culprit"], true);
    assert!(!spans[ROOT_SPAN].attributes.contains_key("crudder.culprit"));
    assert!(!spans["step"].attributes.contains_key("crudder.death"), "it had ended");
    let segments = fixture.segments(trace, "fatal").await;
    assert_eq!(segments[ROOT_SPAN]["fault"], true);
    assert_eq!(segments["fatal"]["annotations"]["culprit"], true);
    assert_eq!(segments["fatal"]["annotations"]["death"], cause);
    let items = fixture.items(trace, 1).await;
    let [item] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!((item.level.as_str(), item.class.as_deref()), ("critical", Some(cause)));
    let frames = item.data["body"]["trace"]["frames"].as_array().expect("frames");
    let names: Vec<_> = frames.iter().map(|frame| frame["method"].as_str().unwrap_or_default()).collect();
    assert_eq!(names, [ROOT_SPAN, "fatal"], "the failed span last");
    // CloudWatch has Lambda's own line and the function's lines so far.
    fixture.line(line).await;
    fixture.line(&format!("\"trace_id\":\"{trace}\"")).await;
    // The environment lives on, and the death is not exported again.
    let (outcome, next) = fixture.call("ok").await;
    assert!(matches!(outcome, Outcome::Succeeded { .. }), "{outcome:?}");
    fixture.spans(next, 3).await;
    fixture.fakes.rollbar.with_store(|store| assert_eq!(store.item_count(), 1));
    fixture.close().await;
}

#[tokio::test]
async fn a_timeout_is_exported_completely() {
    let fixture = Setup { timeout: Duration::from_millis(1500), ..Setup::default() }.start().await;
    dies(fixture, "timeout", FailureKind::Timeout, "timeout", "Task timed out after 1.50 seconds").await;
}

#[tokio::test]
async fn an_abort_is_exported_completely() {
    dies(start().await, "abort", FailureKind::Exit, "crash", "signal: aborted").await;
}

#[tokio::test]
async fn an_exit_is_exported_completely() {
    dies(start().await, "exit", FailureKind::Exit, "exit", "exit status 3").await;
}

#[tokio::test]
async fn an_exit_on_another_thread_is_exported_as_an_exit() {
    dies(start().await, "exit-elsewhere", FailureKind::Exit, "exit", "exit status 4").await;
}

#[tokio::test]
async fn a_kill_from_outside_is_exported_completely() {
    let fixture = start().await;
    // Late enough for the function to have started its last span, which stays open.
    let kill = Kill { target: KillTarget::Runtime, trigger: KillTrigger::Invoked, delay: Duration::from_millis(500) };
    fixture.emulator.set_faults(FUNCTION, Faults { kills: vec![kill], ..Faults::default() }).expect("a function");
    dies(fixture, "timeout", FailureKind::Exit, "crash", "signal: killed").await;
}

#[tokio::test]
async fn running_out_of_memory_is_exported_completely() {
    dies(start().await, "oom", FailureKind::OutOfMemory, "out-of-memory", "Runtime.OutOfMemory").await;
}

#[tokio::test]
async fn a_response_that_is_too_large_is_an_item_although_every_span_succeeded() {
    let mut fixture = start().await;
    let (outcome, trace) = fixture.call("large").await;
    assert!(matches!(outcome, Outcome::Failed { kind: FailureKind::TooLarge, .. }), "{outcome:?}");
    let spans = fixture.spans(trace, 3).await;
    assert!(!spans[ROOT_SPAN].attributes.contains_key("crudder.death"));
    // The platform event comes after the extension has requested the next event, so the item is
    // sent at SHUTDOWN.
    fixture.discard().await;
    let items = fixture.items(trace, 1).await;
    assert_eq!(items[0].class.as_deref(), Some("platform"));
    fixture.close().await;
}

#[tokio::test]
async fn a_trace_that_x_ray_does_not_sample_is_exported_to_the_others() {
    let mut fixture = start().await;
    let (_, trace) = fixture.call_with(serde_json::json!({ "kind": "abort" }), false).await;
    fixture.spans(trace, 3).await;
    fixture.items(trace, 1).await;
    fixture.fakes.xray.with_store(|store| assert_eq!(store.document_count(), 0));
    fixture.close().await;
}

#[tokio::test]
async fn a_death_during_init_is_one_item_and_one_span() {
    let mut fixture = start().await;
    // The first process serves. After its death the emulator starts another one in the same
    // environment, which finds the marker file.
    fixture.call("ok").await;
    let tmp = fixture.emulator.environments()[0].folder.join("tmp");
    fixture.call("abort").await;
    fixture.reset().await;
    std::fs::write(tmp.join("die-in-init"), "").expect("a marker file");
    let (outcome, _) = fixture.call("ok").await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    fixture.discard().await;
    let spans = fixture.spans_named("init", 1).await;
    let [span] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!(span.attributes["crudder.death"], "crash");
    assert_eq!(span.resource["faas.name"], "fixture");
    let items = fixture.items(span.trace_id, 1).await;
    let [item] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!((item.level.as_str(), item.context.as_deref()), ("critical", Some("init")));
    fixture.close().await;
}

#[tokio::test]
async fn a_death_before_the_ring_was_opened_is_known_from_the_platform_event() {
    let mut fixture = start().await;
    fixture.call("ok").await;
    let tmp = fixture.emulator.environments()[0].folder.join("tmp");
    // The ring of a new environment is empty: records of an earlier process must not count for this
    // one.
    fixture.call("abort").await;
    fixture.reset().await;
    std::fs::remove_file(tmp.join("crudder.recorder")).expect("the ring is removed");
    let before = fixture.fakes.rollbar.with_store(|store| store.item_count());
    std::fs::write(tmp.join("die-before-the-ring"), "").expect("a marker file");
    let (outcome, _) = fixture.call("ok").await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    fixture.discard().await;
    let spans = fixture.spans_named("init", 1).await;
    let [span] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!(
        (&span.attributes["crudder.death"], &span.attributes["crudder.culprit"]),
        (&"crash".into(), &true.into())
    );
    let items = fixture.items(span.trace_id, 1).await;
    let [item] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!((item.level.as_str(), item.context.as_deref()), ("critical", Some("init")));
    fixture.fakes.rollbar.with_store(|store| assert_eq!(store.item_count(), before + 1));
    fixture.close().await;
}

#[tokio::test]
async fn all_destinations_get_the_same_trace_id_and_no_secret() {
    let mut fixture = start().await;
    let (_, trace) = fixture.call("error").await;
    fixture.spans(trace, 3).await;
    fixture.items(trace, 1).await;
    fixture.segments(trace, ROOT_SPAN).await;
    fixture.line(&trace.xray()).await;
    fixture.line(&format!("\"trace_id\":\"{trace}\"")).await;
    let exported = [
        fixture.fakes.honeycomb.with_store(|store| format!("{:?}", store.spans().collect::<Vec<_>>())),
        fixture.fakes.rollbar.with_store(|store| format!("{:?}", store.items().collect::<Vec<_>>())),
        fixture.fakes.xray.with_store(|store| format!("{:?}", store.documents().collect::<Vec<_>>())),
    ];
    for text in exported {
        assert!(!text.contains("s3cr3t-t0ken"), "{text}");
    }
    let secret = |event: &crudder_emulator::EmulatorEvent| format!("{event:?}").contains("s3cr3t-t0ken");
    assert!(!fixture.close().await.iter().any(secret));
}
