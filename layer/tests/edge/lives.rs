//! Lives of the layer: killed, missing, refused, discarded.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crudder_emulator::{EmulatorEvent, Faults, Freeze, Kill, Moment, Outcome, RuntimeDoneFault, TelemetryFault, Whom};
use crudder_fakes::{Fault, Plan, RetryAfter};

use crate::remains;
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
    fixture.emulator.set_faults(FUNCTION, Faults { kills: vec![kill], ..Faults::default() }).expect("a function");
    let (outcome, second) = fixture.call("timeout").await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    fixture.vendors.honeycomb.faults().clear();
    fixture.reset().await;
    let (_, third) = fixture.call("ok").await;
    for trace in [first, second, third] {
        fixture.spans(trace, 3).await;
    }
    // X-Ray had the first from the function itself, and CloudWatch has lines of each.
    fixture.segments(first, "GET /fixture").await;
    for trace in [first, second, third] {
        fixture.line(&format!("\"trace_id\":\"{trace}\"")).await;
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
    fixture.segments(trace, "GET /fixture").await;
    fixture.vendors.honeycomb.with_store(|store| assert_eq!(store.span_count(), 0));
    let seen = fixture.close().await;
    let says_so = |event: &&EmulatorEvent| matches!(event, EmulatorEvent::Line(line) if line.line.contains("no layer reads the flight recorder"));
    assert_eq!(seen.iter().filter(says_so).count(), 1);
}

#[tokio::test]
async fn without_the_telemetry_api_deaths_are_known_by_shutdown() {
    let mut fixture = plain().await;
    let faults = Faults { telemetry: TelemetryFault::NotSupported, ..Faults::default() };
    fixture.emulator.set_faults(FUNCTION, faults).expect("a function");
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
    fixture.emulator.set_faults(FUNCTION, Faults { refuse_invoke: true, ..Faults::default() }).expect("a function");
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
    let line = fixture.line("telemetry extension disabled").await;
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
    let letters =
        |event: &&EmulatorEvent| matches!(event, EmulatorEvent::Line(line) if line.line.contains("dead letter"));
    assert_eq!(seen.iter().find(letters), None);
}

#[tokio::test]
async fn dense_traffic_is_told_in_batches_a_second_old_and_an_answer_is_no_reason_for_the_next() {
    let mut fixture = Recipe::default().variable("CRUDDER_FLUSH_BUDGET_MS", "20").open().await;
    // Longer than the layer may hold `/next`: answers come while later invocations are served.
    let late = Fault::Late { after: Duration::from_millis(40) };
    fixture.vendors.honeycomb.faults().add(Plan::always(late)).expect("a fault it knows");
    let (began, mut traces) = (Instant::now(), Vec::new());
    // Too few for a batch that is large enough before it is old enough.
    for _ in 0..100 {
        traces.push(fixture.call("ok").await.1);
    }
    let (batches, seconds) =
        (fixture.vendors.honeycomb.with_store(|store| store.call_log().requests()), began.elapsed().as_secs());
    // One for the first invocation, which nobody knew to be dense.
    assert!(batches <= 1 + seconds, "{batches} batches in {seconds} s");
    fixture.discard().await;
    for trace in traces {
        fixture.spans(trace, 3).await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn a_verdict_that_never_comes_is_not_waited_for() {
    for fault in [RuntimeDoneFault::Missing, RuntimeDoneFault::Delayed(Duration::from_secs(1))] {
        let mut fixture = plain().await;
        let faults = Faults { runtime_done: fault, ..Faults::default() };
        fixture.emulator.set_faults(FUNCTION, faults).expect("a function");
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
    fixture.emulator.set_faults(FUNCTION, Faults { freeze: Some(freeze), ..Faults::default() }).expect("a function");
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
    fixture.emulator.set_faults(FUNCTION, faults).expect("a function");
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
    let ring = fixture.emulator.environments()[0].folder.join("tmp/crudder.recorder");
    fixture.call("abort").await;
    fixture.reset().await;
    // A folder in the ring's place: what a read-only /tmp does, but to root as well.
    std::fs::remove_file(&ring).expect("the ring goes");
    std::fs::create_dir(&ring).expect("a folder");
    let before = fixture.all_spans().len();
    for _ in 0..2 {
        let (outcome, trace) = fixture.call("ok").await;
        assert!(matches!(outcome, Outcome::Answered { .. }), "{outcome:?}");
        fixture.segments(trace, "GET /fixture").await;
    }
    fixture.line("telemetry extension disabled").await;
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
    let dropped = |span: &&crudder_fakes::Span| span.resource.contains_key("crudder.lost.dropped");
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

#[tokio::test]
async fn a_request_of_more_spans_than_the_ring_holds_is_whole_though_the_vendor_is_down() {
    let mut fixture = Recipe::default().variable("CRUDDER_RECORDER_BYTES", "131072").open().await;
    fixture.vendors.honeycomb.faults().add(Plan::always(Fault::BadGateway)).expect("a fault it knows");
    let event = serde_json::json!({ "kind": "many", "spans": 300, "pause_ms": 2 });
    let (_, trace) = fixture.call_with(event, true).await;
    fixture.vendors.honeycomb.faults().clear();
    fixture.discard().await;
    let spans = fixture.all_spans();
    assert_eq!(spans.iter().filter(|span| span.trace_id == trace).count(), 303);
    assert!(!spans.iter().any(|span| span.resource.contains_key("crudder.lost.dropped")));
    fixture.close().await;
}

#[tokio::test]
async fn an_oversized_span_is_cut_and_its_request_does_not_notice() {
    let mut fixture = plain().await;
    let (outcome, trace) = fixture.call("oversized").await;
    assert!(matches!(outcome, Outcome::Answered { .. }), "{outcome:?}");
    let span = &fixture.spans(trace, 4).await["oversized"];
    let text = span.attributes["text"].as_str().expect("a text");
    assert!(text.len() < 20_000, "{} bytes of 330,000", text.len());
    fixture.segments(trace, "GET /fixture").await;
    fixture.close().await;
}

#[tokio::test]
async fn a_span_too_large_for_the_ring_is_counted_and_the_count_stands_at_the_vendor() {
    let mut fixture = Recipe::default().variable("CRUDDER_RECORDER_BYTES", "16384").open().await;
    let (outcome, trace) = fixture.call("oversized").await;
    assert!(matches!(outcome, Outcome::Answered { .. }), "{outcome:?}");
    fixture.discard().await;
    let spans = fixture.spans(trace, 3).await;
    assert!(!spans.contains_key("oversized"), "{:?}", spans.keys());
    let counted = |span: &crudder_fakes::Span| span.resource.get("crudder.lost.too_large").cloned();
    // Its start and its end.
    assert_eq!(spans.values().find_map(counted), Some(2.into()));
    fixture.close().await;
}

#[tokio::test]
async fn of_a_discarded_environment_what_was_acknowledged_is_there_and_the_rest_is_counted() {
    let mut fixture = Recipe { keep_folders: true, ..Recipe::default() }.open().await;
    let (_, failed) = fixture.call("error").await;
    fixture.items(failed, 1).await;
    let mut traces = vec![failed];
    for _ in 0..5 {
        traces.push(fixture.call("ok").await.1);
    }
    // The last of them is told these once its answer was taken.
    for trace in traces {
        fixture.segments(trace, "GET /fixture").await;
        fixture.line(&format!("\"trace_id\":\"{trace}\"")).await;
    }
    let environment = fixture.emulator.environments().remove(0);
    fixture.emulator.destroy(&environment.id).await;
    let told: BTreeSet<String> = fixture.all_spans().into_iter().map(|span| span.span_id).collect();
    let sworn: BTreeSet<String> = remains::sworn(&environment.folder).into_iter().map(|(_, span)| span).collect();
    let lost: BTreeSet<String> = sworn.difference(&told).cloned().collect();
    let held = &remains::in_ring(&environment.folder) | &remains::in_spool(&environment.folder);
    println!("discarded: {} spans started, {} acknowledged, {} lost with it", sworn.len(), told.len(), lost.len());
    assert_eq!(sworn.len(), 18);
    assert!(lost.is_subset(&held), "{lost:?} are neither delivered nor undelivered");
    assert!(fixture.all_spans().iter().any(|span| span.trace_id == failed), "an error is told at once");
    fixture.close().await;
}

#[tokio::test]
async fn what_lay_in_the_spool_of_a_discarded_environment_is_counted_with_what_lay_in_its_ring() {
    let recipe = Recipe { keep_folders: true, ..Recipe::default() };
    let mut fixture = recipe.variable("CRUDDER_RECORDER_BYTES", "65536").open().await;
    fixture.vendors.honeycomb.faults().add(Plan::always(Fault::BadGateway)).expect("a fault it knows");
    for _ in 0..60 {
        fixture.call("ok").await;
    }
    let environment = fixture.emulator.environments().remove(0);
    fixture.emulator.destroy(&environment.id).await;
    let sworn: BTreeSet<String> = remains::sworn(&environment.folder).into_iter().map(|(_, span)| span).collect();
    let (in_ring, in_spool) = (remains::in_ring(&environment.folder), remains::in_spool(&environment.folder));
    println!("discarded: {} spans lost, {} in the ring, {} in the spool", sworn.len(), in_ring.len(), in_spool.len());
    assert_eq!(sworn.len(), 180);
    assert!(sworn.is_subset(&(&in_ring | &in_spool)), "{:?}", sworn.difference(&(&in_ring | &in_spool)).next());
    assert!(!sworn.is_subset(&in_ring), "a ring of 64 kB holds less than 60 requests");
    fixture.close().await;
}
