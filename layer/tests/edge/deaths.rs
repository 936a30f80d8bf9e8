//! However a request ends, all of it is told: the table of issue and design, row by row.

use std::time::Duration;

use crudder_emulator::{FailureKind, Faults, Kill, KillTarget, KillTrigger, Outcome};

use crate::support::{FUNCTION, Fixture, Recipe, plain};

const ROOT_SPAN: &str = "GET /fixture";

#[tokio::test]
async fn a_success_is_a_whole_trace_and_no_item() {
    let mut fixture = plain().await;
    let (outcome, trace) = fixture.call("ok").await;
    assert!(matches!(outcome, Outcome::Succeeded { .. }), "{outcome:?}");
    let spans = fixture.spans(trace, 3).await;
    assert_eq!(spans.keys().collect::<Vec<_>>(), [ROOT_SPAN, "fatal", "step"]);
    assert_eq!(spans[ROOT_SPAN].parent_span_id, None);
    assert_eq!(spans["step"].parent_span_id.as_deref(), Some(spans[ROOT_SPAN].span_id.as_str()));
    let segments = fixture.segments(trace, ROOT_SPAN).await;
    assert_eq!(segments[ROOT_SPAN]["fault"], serde_json::Value::Null);
    fixture.vendors.rollbar.with_store(|store| assert_eq!(store.item_count(), 0));
    fixture.close().await;
}

#[tokio::test]
async fn an_error_is_a_failed_trace_and_an_item_with_type_message_and_request() {
    let mut fixture = plain().await;
    let (_, trace) = fixture.call("error").await;
    let spans = fixture.spans(trace, 3).await;
    assert_eq!(spans[ROOT_SPAN].attributes["exception.type"], "VictimError");
    let items = fixture.items(trace, 1).await;
    let [item] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!((item.class.as_deref(), item.message.as_deref()), (Some("VictimError"), Some("the store is on fire")));
    assert_eq!((item.level.as_str(), item.context.as_deref()), ("error", Some(ROOT_SPAN)));
    assert_eq!(item.data["request"]["method"], "GET");
    assert!(!item.raw.contains("s3cr3t-t0ken"), "{}", item.raw);
    fixture.discard().await;
    fixture
        .vendors
        .rollbar
        .with_store(|store| assert_eq!(store.item_count(), 1, "{:?}", store.items().collect::<Vec<_>>()));
    fixture.close().await;
}

#[tokio::test]
async fn a_panic_is_one_critical_item_with_frames() {
    let mut fixture = plain().await;
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
    let mut fixture = plain().await;
    let (_, trace) = fixture.call("report").await;
    let items = fixture.items(trace, 1).await;
    let [item] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!((item.level.as_str(), item.message.as_deref()), ("warning", Some("look at this")));
    fixture.close().await;
}

/// What every death has in common: a whole trace to the last span started, closed as failed with the reason; the culprit named in
/// Honeycomb, X-Ray and one critical item.
async fn dies(mut fixture: Fixture, kind: &str, failure: FailureKind, reason: &str, line: &str) {
    let (outcome, trace) = fixture.call(kind).await;
    assert!(matches!(&outcome, Outcome::Failed { kind, .. } if *kind == failure), "{outcome:?}");
    let spans = fixture.spans(trace, 3).await;
    for open in [ROOT_SPAN, "fatal"] {
        assert_eq!(spans[open].attributes["crudder.death"], reason, "{open}");
        assert!(spans[open].end_ns >= spans[open].start_ns);
    }
    assert_eq!(spans["fatal"].attributes["crudder.culprit"], true);
    assert!(!spans[ROOT_SPAN].attributes.contains_key("crudder.culprit"));
    assert!(!spans["step"].attributes.contains_key("crudder.death"), "it had ended");
    let segments = fixture.segments(trace, "fatal").await;
    assert_eq!(segments[ROOT_SPAN]["fault"], true);
    assert_eq!(segments["fatal"]["annotations"]["culprit"], true);
    assert_eq!(segments["fatal"]["annotations"]["death"], reason);
    let items = fixture.items(trace, 1).await;
    let [item] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!((item.level.as_str(), item.class.as_deref()), ("critical", Some(reason)));
    let frames = item.data["body"]["trace"]["frames"].as_array().expect("frames");
    let names: Vec<_> = frames.iter().map(|frame| frame["method"].as_str().unwrap_or_default()).collect();
    assert_eq!(names, [ROOT_SPAN, "fatal"], "the culprit last");
    // CloudWatch has Lambda's own line, and what the function had said until then.
    fixture.line(line).await;
    fixture.line(&format!("\"trace_id\":\"{trace}\"")).await;
    // The environment lives on, and nothing of the death is told again.
    let (outcome, next) = fixture.call("ok").await;
    assert!(matches!(outcome, Outcome::Succeeded { .. }), "{outcome:?}");
    fixture.spans(next, 3).await;
    fixture.vendors.rollbar.with_store(|store| assert_eq!(store.item_count(), 1));
    fixture.close().await;
}

#[tokio::test]
async fn a_timeout_is_told_whole() {
    let fixture = Recipe { timeout: Duration::from_millis(1500), ..Recipe::default() }.open().await;
    dies(fixture, "timeout", FailureKind::Timeout, "timeout", "Task timed out after 1.50 seconds").await;
}

#[tokio::test]
async fn an_abort_is_told_whole() {
    dies(plain().await, "abort", FailureKind::Exit, "crash", "signal: aborted").await;
}

#[tokio::test]
async fn an_exit_is_told_whole() {
    dies(plain().await, "exit", FailureKind::Exit, "exit", "exit status 3").await;
}

#[tokio::test]
async fn an_exit_on_another_thread_is_told_as_an_exit() {
    dies(plain().await, "exit-elsewhere", FailureKind::Exit, "exit", "exit status 4").await;
}

#[tokio::test]
async fn a_kill_from_outside_is_told_whole() {
    let fixture = plain().await;
    // Late enough for the function to have begun its last span, in which it stays.
    let kill = Kill { target: KillTarget::Runtime, trigger: KillTrigger::Invoked, delay: Duration::from_millis(500) };
    fixture.emulator.set_faults(FUNCTION, Faults { kills: vec![kill], ..Faults::default() }).expect("a function");
    dies(fixture, "timeout", FailureKind::Exit, "crash", "signal: killed").await;
}

#[tokio::test]
async fn running_out_of_memory_is_told_whole() {
    dies(plain().await, "oom", FailureKind::OutOfMemory, "out-of-memory", "Runtime.OutOfMemory").await;
}

#[tokio::test]
async fn an_answer_too_large_is_an_item_though_every_span_ended_well() {
    let mut fixture = plain().await;
    let (outcome, trace) = fixture.call("large").await;
    assert!(matches!(outcome, Outcome::Failed { kind: FailureKind::TooLarge, .. }), "{outcome:?}");
    let spans = fixture.spans(trace, 3).await;
    assert!(!spans[ROOT_SPAN].attributes.contains_key("crudder.death"));
    // The platform's verdict comes after the layer has asked for the next event: it is told with that.
    fixture.discard().await;
    let items = fixture.items(trace, 1).await;
    assert_eq!(items[0].class.as_deref(), Some("platform"));
    fixture.close().await;
}

#[tokio::test]
async fn what_x_ray_does_not_sample_is_told_to_the_others() {
    let mut fixture = plain().await;
    let (_, trace) = fixture.call_with(serde_json::json!({ "kind": "abort" }), false).await;
    fixture.spans(trace, 3).await;
    fixture.items(trace, 1).await;
    fixture.vendors.xray.with_store(|store| assert_eq!(store.document_count(), 0));
    fixture.close().await;
}

#[tokio::test]
async fn a_death_during_init_is_one_item_and_a_span_of_its_own() {
    let mut fixture = plain().await;
    // The first process serves; its death makes the emulator start another in the same environment, which finds the mark.
    fixture.call("ok").await;
    let tmp = fixture.emulator.environments()[0].folder.join("tmp");
    fixture.call("abort").await;
    fixture.reset().await;
    std::fs::write(tmp.join("die-in-init"), "").expect("a mark");
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
async fn a_death_before_the_ring_was_opened_is_told_by_the_platforms_word() {
    let mut fixture = plain().await;
    fixture.call("ok").await;
    let tmp = fixture.emulator.environments()[0].folder.join("tmp");
    // A new environment's ring is empty: what an earlier process wrote there must not speak for this one.
    fixture.call("abort").await;
    fixture.reset().await;
    std::fs::remove_file(tmp.join("crudder.recorder")).expect("the ring goes");
    let before = fixture.vendors.rollbar.with_store(|store| store.item_count());
    std::fs::write(tmp.join("die-before-the-ring"), "").expect("a mark");
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
    fixture.vendors.rollbar.with_store(|store| assert_eq!(store.item_count(), before + 1));
    fixture.close().await;
}

#[tokio::test]
async fn the_same_trace_id_stands_in_all_planes_and_no_secret_in_any() {
    let mut fixture = plain().await;
    let (_, trace) = fixture.call("error").await;
    fixture.spans(trace, 3).await;
    fixture.items(trace, 1).await;
    fixture.segments(trace, ROOT_SPAN).await;
    fixture.line(&trace.xray()).await;
    fixture.line(&format!("\"trace_id\":\"{trace}\"")).await;
    let told = [
        fixture.vendors.honeycomb.with_store(|store| format!("{:?}", store.spans().collect::<Vec<_>>())),
        fixture.vendors.rollbar.with_store(|store| format!("{:?}", store.items().collect::<Vec<_>>())),
        fixture.vendors.xray.with_store(|store| format!("{:?}", store.documents().collect::<Vec<_>>())),
    ];
    for plane in told {
        assert!(!plane.contains("s3cr3t-t0ken"), "{plane}");
    }
    let secret = |event: &crudder_emulator::EmulatorEvent| format!("{event:?}").contains("s3cr3t-t0ken");
    assert!(!fixture.close().await.iter().any(secret));
}
