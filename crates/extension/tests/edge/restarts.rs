//! The extension killed, missing, refused by Lambda, or discarded with its environment.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crudder_emulator::{
    EmulatorEvent, Faults, Freeze, Kill, KillTarget, KillTrigger, Outcome, RuntimeDoneFault, TelemetryFault,
};
use crudder_fakes::{Fault, Plan, RetryAfter};

use crate::leftovers;
use crate::support::{FUNCTION, Setup, start};

#[tokio::test]
async fn the_next_extension_process_delivers_what_a_killed_one_knew_once() {
    let mut fixture = start().await;
    // Honeycomb accepts nothing until the extension is dead.
    fixture
        .fakes
        .honeycomb
        .faults()
        .add(Plan::always(Fault::Unavailable(RetryAfter::Seconds(600))))
        .expect("a fault it knows");
    let (_, first) = fixture.call("ok").await;
    // Late enough for the function to have started its last span, which stays open.
    let kill =
        Kill { target: KillTarget::Extensions, trigger: KillTrigger::Invoked, delay: Duration::from_millis(300) };
    fixture.emulator.set_faults(FUNCTION, Faults { kills: vec![kill], ..Faults::default() }).expect("a function");
    let (outcome, second) = fixture.call("timeout").await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    fixture.fakes.honeycomb.faults().clear();
    fixture.reset().await;
    let (_, third) = fixture.call("ok").await;
    for trace in [first, second, third] {
        fixture.spans(trace, 3).await;
    }
    // The function itself has sent the first trace to X-Ray, and CloudWatch has lines of each.
    fixture.segments(first, "GET /fixture").await;
    for trace in [first, second, third] {
        fixture.line(&format!("\"trace_id\":\"{trace}\"")).await;
    }
    let items = fixture.items(second, 1).await;
    assert_eq!(items.len(), 1, "{items:?}");
    fixture.close().await;
}

#[tokio::test]
async fn without_the_extension_the_function_serves_and_logs_that_once() {
    let mut fixture = Setup { without_extension: true, ..Setup::default() }.start().await;
    let (outcome, trace) = fixture.call("ok").await;
    assert!(matches!(outcome, Outcome::Succeeded { .. }), "{outcome:?}");
    fixture.call("ok").await;
    fixture.segments(trace, "GET /fixture").await;
    fixture.fakes.honeycomb.with_store(|store| assert_eq!(store.span_count(), 0));
    let seen = fixture.close().await;
    let reports_it = |event: &&EmulatorEvent| matches!(event, EmulatorEvent::Line(line) if line.line.contains("no extension reads the recorder"));
    assert_eq!(seen.iter().filter(reports_it).count(), 1);
}

#[tokio::test]
async fn without_the_telemetry_api_deaths_are_found_at_shutdown() {
    let mut fixture = start().await;
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
async fn where_lambda_refuses_invoke_the_extension_works_by_wake_ups() {
    let mut fixture = start().await;
    fixture.emulator.set_faults(FUNCTION, Faults { refuse_invoke: true, ..Faults::default() }).expect("a function");
    let (outcome, trace) = fixture.call("error").await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    // Nothing delays the freeze here: the rest is sent with the next invocation, or at SHUTDOWN.
    fixture.discard().await;
    fixture.items(trace, 1).await;
    fixture.close().await;
}

#[tokio::test]
async fn an_invalid_setting_disables_the_extension_and_nothing_else() {
    let mut fixture = Setup::default().variable("CRUDDER_SAMPLE_RATE", "often").start().await;
    let (outcome, _) = fixture.call("ok").await;
    assert!(matches!(outcome, Outcome::Succeeded { .. }), "{outcome:?}");
    let line = fixture.line("telemetry extension disabled").await;
    assert!(line.line.contains("failed to read CRUDDER_SAMPLE_RATE: expected a whole number"), "{}", line.line);
    let (outcome, _) = fixture.call("ok").await;
    assert!(matches!(outcome, Outcome::Succeeded { .. }), "{outcome:?}");
    fixture.close().await;
}

#[tokio::test]
async fn deferred_batches_are_sent_at_shutdown() {
    let mut fixture = start().await;
    let mut traces = Vec::new();
    for _ in 0..5 {
        traces.push(fixture.call("ok").await.1);
    }
    // Dense traffic: the last batch waits for an invocation that never comes.
    fixture.discard().await;
    for trace in traces {
        fixture.spans(trace, 3).await;
    }
    let seen = fixture.close().await;
    let dead_letter =
        |event: &&EmulatorEvent| matches!(event, EmulatorEvent::Line(line) if line.line.contains("dead letter"));
    assert_eq!(seen.iter().find(dead_letter), None);
}

#[tokio::test]
async fn dense_traffic_is_sent_once_a_second_and_a_response_does_not_trigger_the_next_batch() {
    let mut fixture = Setup::default().variable("CRUDDER_FLUSH_BUDGET_MS", "20").start().await;
    // Longer than the extension may hold `/next`: responses come while later invocations are
    // served.
    let late = Fault::Delayed { by: Duration::from_millis(40) };
    fixture.fakes.honeycomb.faults().add(Plan::always(late)).expect("a fault it knows");
    let (began, mut traces) = (Instant::now(), Vec::new());
    // Too few for a batch that is large enough before it is old enough.
    for _ in 0..100 {
        traces.push(fixture.call("ok").await.1);
    }
    let (batches, seconds) =
        (fixture.fakes.honeycomb.with_store(|store| store.call_log().request_count()), began.elapsed().as_secs());
    // One for the first invocation, before the traffic is known to be dense.
    assert!(batches <= 1 + seconds, "{batches} batches in {seconds} s");
    fixture.discard().await;
    for trace in traces {
        fixture.spans(trace, 3).await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn a_missing_platform_event_is_not_waited_for() {
    for fault in [RuntimeDoneFault::Missing, RuntimeDoneFault::Delayed(Duration::from_secs(1))] {
        let mut fixture = start().await;
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
async fn a_freeze_during_a_request_loses_nothing() {
    let mut fixture = start().await;
    let late = Fault::Delayed { by: Duration::from_millis(60) };
    fixture.fakes.honeycomb.faults().add(Plan::always(late)).expect("a fault it knows");
    let freeze = Freeze { delay: Duration::from_millis(20), duration: Duration::from_millis(150) };
    fixture.emulator.set_faults(FUNCTION, Faults { freeze: Some(freeze), ..Faults::default() }).expect("a function");
    for _ in 0..3 {
        let (_, trace) = fixture.call("error").await;
        fixture.spans(trace, 3).await;
        fixture.items(trace, 1).await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn an_extension_that_dies_with_its_function_leaves_everything_to_the_next_process() {
    let mut fixture = Setup { memory_mb: 200, ..Setup::default() }.start().await;
    let faults = Faults { out_of_memory_kills_extensions: true, ..Faults::default() };
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
async fn a_recorder_that_cannot_be_opened_stops_neither_function_nor_extension() {
    let mut fixture = start().await;
    fixture.call("ok").await;
    let ring = fixture.emulator.environments()[0].folder.join("tmp/crudder.recorder");
    fixture.call("abort").await;
    fixture.reset().await;
    // A folder in place of the ring has the effect of a read-only /tmp, also for root.
    std::fs::remove_file(&ring).expect("the ring is removed");
    std::fs::create_dir(&ring).expect("a folder");
    let before = fixture.all_spans().len();
    for _ in 0..2 {
        let (outcome, trace) = fixture.call("ok").await;
        assert!(matches!(outcome, Outcome::Succeeded { .. }), "{outcome:?}");
        fixture.segments(trace, "GET /fixture").await;
    }
    fixture.line("telemetry extension disabled").await;
    assert_eq!(fixture.all_spans().len(), before);
    fixture.close().await;
}

#[tokio::test]
async fn a_full_ring_drops_spans_and_reports_how_many() {
    // A ring for a few records, and a destination whose first response takes longer than the
    // request.
    let setup = Setup::default().variable("CRUDDER_RECORDER_BYTES", "16384");
    // The ring must be empty when the next request begins, which needs a response even on a busy
    // machine.
    let mut fixture = setup.variable("CRUDDER_FLUSH_BUDGET_MS", "10000").start().await;
    let late = Fault::Delayed { by: Duration::from_secs(3) };
    fixture.fakes.honeycomb.faults().add(Plan::times(1, late)).expect("a fault it knows");
    let event = serde_json::json!({ "kind": "many", "spans": 2000 });
    let (outcome, _) = fixture.call_with(event, true).await;
    assert!(matches!(outcome, Outcome::Succeeded { .. }), "{outcome:?}");
    let (_, trace) = fixture.call("ok").await;
    fixture.discard().await;
    let spans = fixture.all_spans();
    let dropped = |span: &&crudder_fakes::Span| span.resource.contains_key("crudder.lost.dropped");
    assert!(spans.iter().any(|span| dropped(&span)), "{} spans, and no count of the lost on any", spans.len());
    assert!(spans.iter().any(|span| span.trace_id == trace), "the next request is whole");
    fixture.close().await;
}

#[tokio::test]
async fn a_request_of_more_spans_than_the_ring_holds_is_exported_completely_in_parts() {
    let mut fixture = Setup::default().variable("CRUDDER_RECORDER_BYTES", "131072").start().await;
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
async fn a_request_of_more_spans_than_the_ring_holds_is_complete_after_an_outage() {
    let mut fixture = Setup::default().variable("CRUDDER_RECORDER_BYTES", "131072").start().await;
    fixture.fakes.honeycomb.faults().add(Plan::always(Fault::BadGateway)).expect("a fault it knows");
    let event = serde_json::json!({ "kind": "many", "spans": 300, "pause_ms": 2 });
    let (_, trace) = fixture.call_with(event, true).await;
    fixture.fakes.honeycomb.faults().clear();
    fixture.discard().await;
    let spans = fixture.all_spans();
    assert_eq!(spans.iter().filter(|span| span.trace_id == trace).count(), 303);
    assert!(!spans.iter().any(|span| span.resource.contains_key("crudder.lost.dropped")));
    fixture.close().await;
}

#[tokio::test]
async fn an_oversized_span_is_truncated_without_an_effect_on_its_request() {
    let mut fixture = start().await;
    let (outcome, trace) = fixture.call("oversized").await;
    assert!(matches!(outcome, Outcome::Succeeded { .. }), "{outcome:?}");
    let span = &fixture.spans(trace, 4).await["oversized"];
    let text = span.attributes["text"].as_str().expect("a text");
    assert!(text.len() < 20_000, "{} bytes of 330,000", text.len());
    fixture.segments(trace, "GET /fixture").await;
    fixture.close().await;
}

#[tokio::test]
async fn a_span_too_large_for_the_ring_is_counted_and_the_count_is_exported() {
    let mut fixture = Setup::default().variable("CRUDDER_RECORDER_BYTES", "16384").start().await;
    let (outcome, trace) = fixture.call("oversized").await;
    assert!(matches!(outcome, Outcome::Succeeded { .. }), "{outcome:?}");
    fixture.discard().await;
    let spans = fixture.spans(trace, 3).await;
    assert!(!spans.contains_key("oversized"), "{:?}", spans.keys());
    let counted = |span: &crudder_fakes::Span| span.resource.get("crudder.lost.too_large").cloned();
    // Its start and its end.
    assert_eq!(spans.values().find_map(counted), Some(2.into()));
    fixture.close().await;
}

#[tokio::test]
async fn a_discarded_environment_loses_only_what_its_ring_and_spool_still_hold() {
    let mut fixture = Setup { keep_folders: true, ..Setup::default() }.start().await;
    let (_, failed) = fixture.call("error").await;
    fixture.items(failed, 1).await;
    let mut traces = vec![failed];
    for _ in 0..5 {
        traces.push(fixture.call("ok").await.1);
    }
    // These come once the response of the last invocation was accepted.
    for trace in traces {
        fixture.segments(trace, "GET /fixture").await;
        fixture.line(&format!("\"trace_id\":\"{trace}\"")).await;
    }
    let environment = fixture.emulator.environments().remove(0);
    fixture.emulator.destroy(&environment.id).await;
    let delivered: BTreeSet<String> = fixture.all_spans().into_iter().map(|span| span.span_id).collect();
    let started: BTreeSet<String> =
        leftovers::started_spans(&environment.folder).into_iter().map(|(_, span)| span).collect();
    let lost: BTreeSet<String> = started.difference(&delivered).cloned().collect();
    let held = &leftovers::in_ring(&environment.folder) | &leftovers::in_spool(&environment.folder);
    println!(
        "discarded: {} spans started, {} acknowledged, {} lost with it",
        started.len(),
        delivered.len(),
        lost.len()
    );
    assert_eq!(started.len(), 18);
    assert!(lost.is_subset(&held), "{lost:?} are neither delivered nor undelivered");
    assert!(fixture.all_spans().iter().any(|span| span.trace_id == failed), "an error is exported at once");
    fixture.close().await;
}

#[tokio::test]
async fn a_discarded_environment_holds_undelivered_spans_in_ring_and_spool() {
    let setup = Setup { keep_folders: true, ..Setup::default() };
    let mut fixture = setup.variable("CRUDDER_RECORDER_BYTES", "65536").start().await;
    fixture.fakes.honeycomb.faults().add(Plan::always(Fault::BadGateway)).expect("a fault it knows");
    for _ in 0..60 {
        fixture.call("ok").await;
    }
    let environment = fixture.emulator.environments().remove(0);
    fixture.emulator.destroy(&environment.id).await;
    let started: BTreeSet<String> =
        leftovers::started_spans(&environment.folder).into_iter().map(|(_, span)| span).collect();
    let (in_ring, in_spool) = (leftovers::in_ring(&environment.folder), leftovers::in_spool(&environment.folder));
    println!("discarded: {} spans lost, {} in the ring, {} in the spool", started.len(), in_ring.len(), in_spool.len());
    assert_eq!(started.len(), 180);
    assert!(started.is_subset(&(&in_ring | &in_spool)), "{:?}", started.difference(&(&in_ring | &in_spool)).next());
    assert!(!started.is_subset(&in_ring), "a ring of 64 kB holds less than 60 requests");
    fixture.close().await;
}
