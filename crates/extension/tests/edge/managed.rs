//! Lambda Managed Instances: several invocations at once in one environment, without INVOKE and
//! without freezes.

use std::collections::BTreeMap;

use crudder_emulator::{EmulatorEvent, Outcome};
use crudder_fakes::{Span, TraceId};
use serde_json::{Value, json};

use crate::support::{Fixture, Setup};

const AT_ONCE: usize = 8;
/// The root, `work`, and three steps.
const SPANS: usize = 5;

/// Starts an environment that is ready for requests.
async fn several() -> Fixture {
    let setup = Setup { program: "several", managed: Some(AT_ONCE), ..Setup::default() };
    let mut fixture = setup.start().await;
    let (outcome, _) = fixture.call_with(json!({ "mark": 0 }), true).await;
    assert!(matches!(outcome, Outcome::Succeeded { .. }), "{outcome:?}");
    fixture
}

fn events(count: usize, kind: impl Fn(usize) -> &'static str, pause_ms: u64) -> Vec<Value> {
    (0..count).map(|mark| json!({ "mark": mark + 1, "kind": kind(mark), "pause_ms": pause_ms })).collect()
}

/// Waits for the spans of a trace. The extension sends them by timers alone: only the ring shows it
/// of an end.
async fn trace_of(fixture: &Fixture, trace: TraceId, enough: usize) -> Vec<Span> {
    let found = |store: &crudder_fakes::HoneycombStore| {
        let spans: Vec<Span> = store.spans().filter(|span| span.trace_id == trace).cloned().collect();
        (spans.len() >= enough).then_some(spans)
    };
    fixture.fakes.honeycomb.wait_for(crate::support::TIMEOUT, found).await.expect("a complete trace")
}

#[tokio::test]
async fn concurrent_invocations_have_complete_and_separate_traces() {
    let mut fixture = several().await;
    let mut most = 0;
    for _ in 0..4 {
        let outcomes = fixture.call_at_once(events(AT_ONCE, |_| "ok", 20)).await;
        for (mark, (outcome, trace)) in outcomes.into_iter().enumerate() {
            let Outcome::Succeeded { payload, .. } = outcome else { panic!("{outcome:?}") };
            most = most.max(serde_json::from_slice::<usize>(&payload).expect("a number"));
            let spans = trace_of(&fixture, trace, SPANS).await;
            check_tree(&spans, mark + 1);
        }
    }
    assert!(most > AT_ONCE / 2, "at most {most} were served at once");
    // It was one environment, it was never frozen, and the registration did not fail.
    let seen = fixture.close().await;
    assert_eq!(seen.iter().filter(|event| matches!(event, EmulatorEvent::EnvironmentStarted { .. })).count(), 1);
    assert!(!seen.iter().any(|event| matches!(event, EmulatorEvent::Frozen { .. })));
    assert!(
        !seen
            .iter()
            .any(|event| matches!(event, EmulatorEvent::Line(line) if line.line.contains("failed to register")))
    );
}

#[tokio::test]
async fn traffic_without_pauses_is_exported_while_it_lasts() {
    let mut fixture = several().await;
    let has_spans = |fixture: &Fixture| fixture.fakes.honeycomb.with_store(|store| store.span_count() > 0);
    // More than five seconds, and fewer spans than fit into the ring: not a full ring makes the
    // extension send.
    let mut calls = 0;
    while calls < 100 && !has_spans(&fixture) {
        fixture.call_at_once(events(1, |_| "ok", 50)).await;
        calls += 1;
    }
    assert!(has_spans(&fixture), "{calls} invocations, and no span was exported");
    fixture.close().await;
}

/// Checks for the root, `work` below it and three steps below that, each with the mark of its own
/// event.
fn check_tree(spans: &[Span], mark: usize) {
    let by_id: BTreeMap<&str, &Span> = spans.iter().map(|span| (span.span_id.as_str(), span)).collect();
    assert_eq!(by_id.len(), SPANS, "{spans:?}");
    for span in spans.iter().filter(|span| span.name != "fixture") {
        assert_eq!(span.attributes["mark"], mark, "{spans:?}");
        let parent =
            span.parent_span_id.as_deref().and_then(|parent| by_id.get(parent)).map(|parent| parent.name.as_str());
        let expected = if span.name == "step" { "work" } else { "fixture" };
        assert_eq!(parent, Some(expected), "{}", span.name);
    }
    assert_eq!(spans.iter().filter(|span| span.parent_span_id.is_none()).count(), 1);
}

#[tokio::test]
async fn an_error_among_concurrent_invocations_is_one_item_in_its_own_trace() {
    let mut fixture = several().await;
    let outcomes = fixture.call_at_once(events(AT_ONCE, |mark| if mark == 3 { "error" } else { "ok" }, 20)).await;
    let (outcome, trace) = &outcomes[3];
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    fixture.items(*trace, 1).await;
    check_tree(&trace_of(&fixture, *trace, SPANS).await, 4);
    fixture.discard().await;
    fixture.fakes.rollbar.with_store(|store| assert_eq!(store.item_count(), 1));
    fixture.close().await;
}

#[tokio::test]
async fn a_crash_is_a_death_of_every_concurrent_invocation() {
    let mut fixture = several().await;
    // The first aborts after its steps; the others are still in theirs.
    let mut events = events(4, |_| "ok", 400);
    events[0] = json!({ "mark": 1, "kind": "abort", "pause_ms": 20 });
    let outcomes = fixture.call_at_once(events).await;
    for (outcome, trace) in &outcomes {
        assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
        let spans = trace_of(&fixture, *trace, 2).await;
        let root = spans.iter().find(|span| span.parent_span_id.is_none()).expect("a root");
        assert_eq!(root.attributes["crudder.death"], "crash");
        let items = fixture.items(*trace, 1).await;
        assert_eq!((items.len(), items[0].level.as_str()), (1, "critical"));
    }
    fixture.fakes.rollbar.with_store(|store| assert_eq!(store.item_count(), 4));
    fixture.close().await;
}
