//! Destinations that are down for ten minutes while the function is under load.

use std::collections::{BTreeMap, BTreeSet};

use crudder_emulator::EmulatorEvent;
use crudder_fakes::{FakesConfig, Fault, HoneycombConfig, Plan, RollbarConfig, TraceId, XrayConfig};
use serde_json::json;

use crate::support::{Fixture, Setup};

/// Ten minutes of five requests per second, as an environment serves them in 200 ms each. They are
/// sent without pauses. The duration of an outage decides only when the extension tries again (the
/// pauses of the circuit breaker, which the tests of `lifecycle::cycle` check with a simulated
/// clock). Everything else depends on the amount of undelivered data, which is not scaled down:
/// some hundred times the ring's size, and a dozen times the spool's.
const REQUESTS: u64 = 3000;
/// One in this many requests fails: an item for Rollbar, and a batch that becomes a dead letter
/// last.
const FAILURE_INTERVAL: u64 = 20;
/// Spans per request, each with four kilobytes that hardly compress.
const BULK: u64 = 4;
/// The fakes must keep everything: a forgotten span would look lost.
const KEPT: usize = 1 << 30;

#[tokio::test]
async fn ten_minutes_of_outage_under_load_lose_nothing_and_repeat_nothing() {
    let mut fixture = Setup::default().start_with(fakes_that_keep_everything()).await;
    for faults in [fixture.fakes.honeycomb.faults(), fixture.fakes.rollbar.faults()] {
        faults.add(Plan::always(Fault::BadGateway)).expect("a fault it knows");
    }
    let mut sampled = Vec::new();
    for number in 0..REQUESTS {
        let kind = if number % FAILURE_INTERVAL == 0 { "error" } else { "bulky" };
        sampled.push(fixture.call_with(json!({ "kind": kind, "spans": BULK }), true).await.1);
        fixture.catch_up();
    }
    let folder = fixture.emulator.environments()[0].folder.clone();
    let started = std::fs::read_to_string(folder.join("tmp/started-spans")).expect("the spans that started");
    let spooled = std::fs::read_dir(folder.join("tmp/crudder.recorder.spool")).expect("a spool").count();
    let letters_before = dead_letters(&mut fixture).len();
    // The outage ends. Batches that can't be delivered in two seconds are printed as dead letters,
    // and replayed.
    fixture.fakes.honeycomb.faults().clear();
    fixture.fakes.rollbar.faults().clear();
    fixture.discard().await;
    let spans = fixture.fakes.honeycomb.with_store(|store| store.span_count());
    let items = fixture.fakes.rollbar.with_store(|store| store.item_count());
    let letters = dead_letters(&mut fixture);
    println!(
        "outage: {REQUESTS} requests; {letters_before} dead letters and {spooled} spooled batches when the outage ended; \
         {spans} spans and {items} items delivered by the extension, {} letters replayed",
        letters.len()
    );
    assert!(letters_before > 0 && spooled > 0, "the outage must be longer than ring and spool are large");
    let replayed = crudder_extension::replay(letters, &fixture.replay_config()).await;
    assert_eq!(replayed.failed, Vec::<String>::new());
    check_spans(&fixture, &started);
    check_items(&fixture, &sampled);
    // The function itself has sent the documents of every request to X-Ray during the outage.
    let documents = |store: &crudder_fakes::XrayStore| {
        let traces: BTreeSet<TraceId> = store.trace_ids().collect();
        sampled.iter().all(|trace| traces.contains(trace)).then_some(())
    };
    fixture.fakes.xray.wait_for(crate::support::TIMEOUT, documents).await.expect("a document of every request");
    fixture.close().await;
}

fn fakes_that_keep_everything() -> FakesConfig {
    FakesConfig {
        honeycomb: HoneycombConfig { bytes_kept: KEPT, ..HoneycombConfig::default() },
        rollbar: RollbarConfig { bytes_kept: KEPT, ..RollbarConfig::default() },
        xray: XrayConfig { bytes_kept: KEPT, ..XrayConfig::default() },
        ..FakesConfig::default()
    }
}

/// Returns the log lines that are dead letters.
fn dead_letters(fixture: &mut Fixture) -> Vec<String> {
    fixture.catch_up();
    let letter = |event: &EmulatorEvent| match event {
        EmulatorEvent::Line(line) if line.line.contains("\"dead letter\"") => Some(line.line.clone()),
        _ => None,
    };
    fixture.seen.iter().filter_map(letter).collect()
}

/// Checks that every started span is there exactly once: every batch got a response, so no
/// repetition has an excuse.
fn check_spans(fixture: &Fixture, started: &str) {
    let started: BTreeSet<&str> =
        started.lines().filter_map(|line| line.split_once(' ')).map(|(_, span)| span).collect();
    fixture.fakes.honeycomb.with_store(|store| {
        assert_eq!(store.evicted_spans(), 0);
        let delivered: BTreeSet<&str> = store.spans().map(|span| span.span_id.as_str()).collect();
        let lost: Vec<_> = started.difference(&delivered).collect();
        assert!(lost.is_empty(), "{} of {} spans are lost: {:?}", lost.len(), started.len(), lost.first());
        assert_eq!(
            store.span_count(),
            delivered.len() as u64,
            "spans that came twice: {:?}",
            store.duplicates().next()
        );
        let counted = store.spans().find(|span| span.resource.contains_key("crudder.lost.dropped"));
        assert!(counted.is_none(), "the ring has dropped something");
    });
}

/// Checks that every failed request has exactly one item.
fn check_items(fixture: &Fixture, traces: &[TraceId]) {
    let failing = traces.iter().step_by(FAILURE_INTERVAL as usize);
    fixture.fakes.rollbar.with_store(|store| {
        let mut items: BTreeMap<TraceId, u64> = BTreeMap::new();
        for item in store.items() {
            *items.entry(item.trace_id.expect("every item has a trace")).or_default() += 1;
        }
        let expected: BTreeMap<TraceId, u64> = failing.map(|trace| (*trace, 1)).collect();
        assert_eq!(items, expected);
        assert_eq!(store.item_count(), expected.len() as u64);
    });
}
