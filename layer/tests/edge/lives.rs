//! Lives of the layer: killed, missing, refused, discarded.

use std::time::Duration;

use crudder_stage::{Faults, Freeze, Kill, Moment, Outcome, RuntimeDoneFault, StageEvent, TelemetryFault, Whom};
use crudder_vendors::{Fault, Plan, RetryAfter};

use crate::support::{FUNCTION, Recipe, plain};

#[tokio::test]
async fn what_a_killed_layer_knew_its_next_life_delivers_once() {
    let mut fixture = plain().await;
    // The vendor takes nothing until the layer is dead.
    fixture
        .vendors
        .honeycomb
        .faults()
        .add(Plan::always(Fault::Unavailable(RetryAfter::Seconds(600))))
        .expect("a fault it knows");
    let (_, first) = fixture.call("ok").await;
    // Late enough for the function to have begun its last span, in which it stays.
    let kill = Kill { whom: Whom::Extensions, moment: Moment::Invoked, after: Duration::from_millis(300) };
    fixture.stage.set_faults(FUNCTION, Faults { kills: vec![kill], ..Faults::default() }).expect("a function");
    let (outcome, second) = fixture.call("timeout").await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    fixture.vendors.honeycomb.faults().clear();
    fixture.reset().await;
    let (_, third) = fixture.call("ok").await;
    for trace in [first, second, third] {
        fixture.spans(trace, 3).await;
    }
    let items = fixture.items(second, 1).await;
    assert_eq!(items.len(), 1, "{items:?}");
    fixture.close().await;
}

#[tokio::test]
async fn without_a_layer_the_function_serves_and_says_so_once() {
    let mut fixture = Recipe { without_layer: true, ..Recipe::default() }.open().await;
    let (outcome, trace) = fixture.call("ok").await;
    assert!(matches!(outcome, Outcome::Answered { .. }), "{outcome:?}");
    fixture.call("ok").await;
    fixture.segments(trace, "GET /victim").await;
    fixture.vendors.honeycomb.look(|store| assert_eq!(store.span_count(), 0));
    fixture.close().await;
}

#[tokio::test]
async fn without_the_telemetry_api_deaths_are_known_by_shutdown() {
    let mut fixture = plain().await;
    let faults = Faults { telemetry: TelemetryFault::NotSupported, ..Faults::default() };
    fixture.stage.set_faults(FUNCTION, faults).expect("a function");
    let (_, trace) = fixture.call("abort").await;
    let spans = fixture.spans(trace, 3).await;
    assert_eq!(spans["fatal"].attributes["crudder.death"], "crash");
    fixture.items(trace, 1).await;
    fixture.line("no platform events").await;
    fixture.close().await;
}

#[tokio::test]
async fn where_invoke_is_refused_the_layer_lives_by_the_bell() {
    let mut fixture = plain().await;
    fixture.stage.set_faults(FUNCTION, Faults { refuse_invoke: true, ..Faults::default() }).expect("a function");
    let (outcome, trace) = fixture.call("error").await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    // Nothing holds the freeze here: what did not leave in time leaves with the next invocation, or at the end.
    fixture.discard().await;
    fixture.items(trace, 1).await;
    fixture.close().await;
}

#[tokio::test]
async fn a_recorder_that_cannot_be_made_takes_nobody_down() {
    let mut fixture = Recipe::default().variable("CRUDDER_SAMPLE_RATE", "often").open().await;
    let (outcome, _) = fixture.call("ok").await;
    assert!(matches!(outcome, Outcome::Answered { .. }), "{outcome:?}");
    let line = fixture.line("the layer is off").await;
    assert!(line.line.contains("CRUDDER_SAMPLE_RATE"), "{}", line.line);
    let (outcome, _) = fixture.call("ok").await;
    assert!(matches!(outcome, Outcome::Answered { .. }), "{outcome:?}");
    fixture.close().await;
}

#[tokio::test]
async fn what_is_held_back_leaves_at_the_end() {
    let mut fixture = plain().await;
    let mut traces = Vec::new();
    for _ in 0..5 {
        traces.push(fixture.call("ok").await.1);
    }
    // Dense traffic: the last of it waits for an invocation that never comes.
    fixture.discard().await;
    for trace in traces {
        fixture.spans(trace, 3).await;
    }
    let seen = fixture.close().await;
    let letters = |event: &&StageEvent| matches!(event, StageEvent::Line(line) if line.line.contains("dead letter"));
    assert_eq!(seen.iter().find(letters), None);
}

#[tokio::test]
async fn a_verdict_that_never_comes_is_not_waited_for() {
    for fault in [RuntimeDoneFault::Missing, RuntimeDoneFault::Delayed(Duration::from_secs(1))] {
        let mut fixture = plain().await;
        let faults = Faults { runtime_done: fault, ..Faults::default() };
        fixture.stage.set_faults(FUNCTION, faults).expect("a function");
        let (_, trace) = fixture.call("ok").await;
        fixture.spans(trace, 3).await;
        let (_, trace) = fixture.call("abort").await;
        let spans = fixture.spans(trace, 3).await;
        assert_eq!(spans["fatal"].attributes["crudder.death"], "crash", "{fault:?}");
        assert_eq!(fixture.items(trace, 1).await.len(), 1, "{fault:?}");
        fixture.close().await;
    }
}

#[tokio::test]
async fn a_freeze_in_the_middle_of_a_send_loses_nothing() {
    let mut fixture = plain().await;
    let late = Fault::Late { after: Duration::from_millis(60) };
    fixture.vendors.honeycomb.faults().add(Plan::always(late)).expect("a fault it knows");
    let freeze = Freeze { after: Duration::from_millis(20), lasts: Duration::from_millis(150) };
    fixture.stage.set_faults(FUNCTION, Faults { freeze: Some(freeze), ..Faults::default() }).expect("a function");
    for _ in 0..3 {
        let (_, trace) = fixture.call("error").await;
        fixture.spans(trace, 3).await;
        fixture.items(trace, 1).await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn a_layer_that_dies_with_its_function_leaves_everything_to_its_next_life() {
    let mut fixture = Recipe { memory_mb: 200, ..Recipe::default() }.open().await;
    let faults = Faults { out_of_memory_takes_extensions: true, ..Faults::default() };
    fixture.stage.set_faults(FUNCTION, faults).expect("a function");
    let (_, trace) = fixture.call("oom").await;
    fixture.reset().await;
    fixture.call("ok").await;
    let spans = fixture.spans(trace, 3).await;
    assert_eq!(spans["fatal"].attributes["crudder.culprit"], true);
    assert_eq!(fixture.items(trace, 1).await.len(), 1);
    let segments = fixture.segments(trace, "fatal").await;
    assert_eq!(segments["fatal"]["fault"], true);
    fixture.close().await;
}

#[tokio::test]
async fn a_recorder_that_cannot_be_opened_leaves_function_and_layer_at_work() {
    let mut fixture = plain().await;
    fixture.call("ok").await;
    let ring = fixture.stage.environments()[0].folder.join("tmp/crudder.recorder");
    fixture.call("abort").await;
    fixture.reset().await;
    // A folder in the ring's place: what a read-only /tmp does, but to root as well.
    std::fs::remove_file(&ring).expect("the ring goes");
    std::fs::create_dir(&ring).expect("a folder");
    let before = fixture.all_spans().len();
    for _ in 0..2 {
        let (outcome, trace) = fixture.call("ok").await;
        assert!(matches!(outcome, Outcome::Answered { .. }), "{outcome:?}");
        fixture.segments(trace, "GET /victim").await;
    }
    fixture.line("the layer is off").await;
    assert_eq!(fixture.all_spans().len(), before);
    fixture.close().await;
}

#[tokio::test]
async fn a_full_ring_costs_spans_and_says_how_many() {
    // A ring that holds a few records, and a vendor that lets its first batch wait for longer than the request takes.
    let recipe = Recipe::default().variable("CRUDDER_RECORDER_BYTES", "16384");
    // The ring is empty again when the next request begins: that takes an answer, on a busy machine too.
    let mut fixture = recipe.variable("CRUDDER_FLUSH_BUDGET_MS", "10000").open().await;
    let late = Fault::Late { after: Duration::from_secs(3) };
    fixture.vendors.honeycomb.faults().add(Plan::times(1, late)).expect("a fault it knows");
    let event = serde_json::json!({ "kind": "many", "spans": 2000 });
    let (outcome, _) = fixture.call_with(event, true).await;
    assert!(matches!(outcome, Outcome::Answered { .. }), "{outcome:?}");
    let (_, trace) = fixture.call("ok").await;
    fixture.discard().await;
    let spans = fixture.all_spans();
    let dropped = |span: &&crudder_vendors::Span| span.resource.contains_key("crudder.lost.dropped");
    assert!(spans.iter().any(|span| dropped(&span)), "{} spans, and no count of the lost on any", spans.len());
    assert!(spans.iter().any(|span| span.trace_id == trace), "the next request is whole");
    fixture.close().await;
}

#[tokio::test]
async fn a_request_of_more_spans_than_the_ring_holds_leaves_in_parts_and_whole() {
    let mut fixture = Recipe::default().variable("CRUDDER_RECORDER_BYTES", "131072").open().await;
    let event = serde_json::json!({ "kind": "many", "spans": 300, "pause_ms": 2 });
    let (_, trace) = fixture.call_with(event, true).await;
    fixture.discard().await;
    let spans = fixture.all_spans();
    let of_trace = spans.iter().filter(|span| span.trace_id == trace).count();
    assert_eq!(of_trace, 303, "a start and an end of each are some 250 kB");
    assert!(!spans.iter().any(|span| span.resource.contains_key("crudder.lost.dropped")));
    fixture.close().await;
}
