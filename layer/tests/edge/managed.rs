//! Lambda Managed Instances: several invocations at once in one environment, nobody who announces them, and no freeze.

use std::collections::BTreeMap;

use crudder_emulator::{EmulatorEvent, Outcome};
use crudder_fakes::{Span, TraceId};
use serde_json::{Value, json};

use crate::support::{Fixture, Recipe};

const AT_ONCE: usize = 8;
/// The root, `work`, and three steps.
const SPANS: usize = 5;

/// An environment that is up, so that whoever comes finds it.
async fn several() -> Fixture {
    let recipe = Recipe { program: "several", managed: Some(AT_ONCE), ..Recipe::default() };
    let mut fixture = recipe.open().await;
    let (outcome, _) = fixture.call_with(json!({ "mark": 0 }), true).await;
    assert!(matches!(outcome, Outcome::Answered { .. }), "{outcome:?}");
    fixture
}

fn events(count: usize, kind: impl Fn(usize) -> &'static str, pause_ms: u64) -> Vec<Value> {
    (0..count).map(|mark| json!({ "mark": mark + 1, "kind": kind(mark), "pause_ms": pause_ms })).collect()
}

/// All spans of a trace, once there are enough: by timers alone, since nothing tells the layer of an end but its ring.
async fn trace_of(fixture: &Fixture, trace: TraceId, enough: usize) -> Vec<Span> {
    let found = |store: &crudder_fakes::HoneycombStore| {
        let spans: Vec<Span> = store.spans().filter(|span| span.trace_id == trace).cloned().collect();
        (spans.len() >= enough).then_some(spans)
    };
    fixture.vendors.honeycomb.wait_for(crate::support::PATIENCE, found).await.expect("a whole trace")
}

#[tokio::test]
async fn invocations_at_once_are_whole_and_none_is_mixed_with_another() {
    let mut fixture = several().await;
    let mut most = 0;
    for _ in 0..4 {
        let told = fixture.call_at_once(events(AT_ONCE, |_| "ok", 20)).await;
        for (mark, (outcome, trace)) in told.into_iter().enumerate() {
            let Outcome::Answered { payload, .. } = outcome else { panic!("{outcome:?}") };
            most = most.max(serde_json::from_slice::<usize>(&payload).expect("a number"));
            let spans = trace_of(&fixture, trace, SPANS).await;
            check_tree(&spans, mark + 1);
        }
    }
    assert!(most > AT_ONCE / 2, "at most {most} were served at once");
    // The environment is the same all along, was never frozen, and no end of an invocation was announced.
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
async fn traffic_that_never_pauses_is_told_while_it_lasts() {
    let mut fixture = several().await;
    let is_told = |fixture: &Fixture| fixture.vendors.honeycomb.with_store(|store| store.span_count() > 0);
    // Five seconds and more, and no more spans than the ring has room for: it is not its filling that makes the layer send.
    let mut calls = 0;
    while calls < 100 && !is_told(&fixture) {
        fixture.call_at_once(events(1, |_| "ok", 50)).await;
        calls += 1;
    }
    assert!(is_told(&fixture), "{calls} invocations, and nothing was told");
    fixture.close().await;
}

/// Root, `work` below it, three steps below that; each with the mark of its own event.
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
async fn an_error_among_several_is_one_item_in_its_own_trace() {
    let mut fixture = several().await;
    let told = fixture.call_at_once(events(AT_ONCE, |mark| if mark == 3 { "error" } else { "ok" }, 20)).await;
    let (outcome, trace) = &told[3];
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    fixture.items(*trace, 1).await;
    check_tree(&trace_of(&fixture, *trace, SPANS).await, 4);
    fixture.discard().await;
    fixture.vendors.rollbar.with_store(|store| assert_eq!(store.item_count(), 1));
    fixture.close().await;
}

#[tokio::test]
async fn a_crash_among_several_is_told_of_each_that_it_took_along() {
    let mut fixture = several().await;
    // The first aborts after its steps; the others are still in theirs.
    let mut events = events(4, |_| "ok", 400);
    events[0] = json!({ "mark": 1, "kind": "abort", "pause_ms": 20 });
    let told = fixture.call_at_once(events).await;
    for (outcome, trace) in &told {
        assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
        let spans = trace_of(&fixture, *trace, 2).await;
        let root = spans.iter().find(|span| span.parent_span_id.is_none()).expect("a root");
        assert_eq!(root.attributes["crudder.death"], "crash");
        let items = fixture.items(*trace, 1).await;
        assert_eq!((items.len(), items[0].level.as_str()), (1, "critical"));
    }
    fixture.vendors.rollbar.with_store(|store| assert_eq!(store.item_count(), 4));
    fixture.close().await;
}
