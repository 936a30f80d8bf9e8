//! Fakes that are down for ten minutes while the function is under load.

use std::collections::{BTreeMap, BTreeSet};

use crudder_emulator::EmulatorEvent;
use crudder_fakes::{FakesConfig, Fault, HoneycombConfig, Plan, RollbarConfig, TraceId, XrayConfig};
use serde_json::json;

use crate::support::{Fixture, Recipe};

/// Ten minutes of five requests a second, which is what an environment carries that serves them in 200 ms each. They are sent without
/// the pauses between them: no decision of the layer's is made by how long an outage lasts but when to knock again (the gate's
/// pauses, which `extension::cycle` is tested with by a held clock), all others by what piles up meanwhile. That is not scaled down:
/// some hundred times what the ring holds, and a dozen times what the spool does.
const REQUESTS: u64 = 3000;
/// Every so many, one that fails: an item for Rollbar, and a batch that is given up last.
const FAILING: u64 = 20;
/// Spans of a request, each with four kilobytes that hardly pack.
const BULK: u64 = 4;
/// The fakes must forget nothing, or it would look lost.
const KEPT: usize = 1 << 30;

#[tokio::test]
async fn ten_minutes_of_outage_under_load_lose_nothing_and_tell_nothing_twice() {
    let mut fixture = Recipe::default().open_beside(patient()).await;
    for stand_in in [fixture.vendors.honeycomb.faults(), fixture.vendors.rollbar.faults()] {
        stand_in.add(Plan::always(Fault::BadGateway)).expect("a fault it knows");
    }
    let mut sampled = Vec::new();
    for number in 0..REQUESTS {
        let kind = if number % FAILING == 0 { "error" } else { "bulky" };
        sampled.push(fixture.call_with(json!({ "kind": kind, "spans": BULK }), true).await.1);
        fixture.catch_up();
    }
    let folder = fixture.emulator.environments()[0].folder.clone();
    let witness = std::fs::read_to_string(folder.join("tmp/witness")).expect("what the fixture swore to");
    let spooled = std::fs::read_dir(folder.join("tmp/crudder.recorder.spool")).expect("a spool").count();
    let letters_before = letters(&mut fixture).len();
    // The vendors are back; what two seconds cannot deliver leaves as dead letters, and somebody hands them in.
    fixture.vendors.honeycomb.faults().clear();
    fixture.vendors.rollbar.faults().clear();
    fixture.discard().await;
    let spans = fixture.vendors.honeycomb.with_store(|store| store.span_count());
    let items = fixture.vendors.rollbar.with_store(|store| store.item_count());
    let letters = letters(&mut fixture);
    println!(
        "outage: {REQUESTS} requests; {letters_before} dead letters and {spooled} spooled batches when the vendors came back; \
         {spans} spans and {items} items delivered by the layer, {} letters replayed",
        letters.len()
    );
    assert!(letters_before > 0 && spooled > 0, "the outage must be longer than ring and spool are large");
    let replayed = crudder_extension::replay(letters, &fixture.replaying()).await;
    assert_eq!(replayed.failed, Vec::<String>::new());
    check_spans(&fixture, &witness);
    check_items(&fixture, &sampled);
    // X-Ray has heard of every request from the function itself, while the others were down.
    let documents = |store: &crudder_fakes::XrayStore| {
        let told: BTreeSet<TraceId> = store.trace_ids().collect();
        sampled.iter().all(|trace| told.contains(trace)).then_some(())
    };
    fixture.vendors.xray.wait_for(crate::support::PATIENCE, documents).await.expect("a document of every request");
    fixture.close().await;
}

fn patient() -> FakesConfig {
    FakesConfig {
        honeycomb: HoneycombConfig { bytes_kept: KEPT, ..HoneycombConfig::default() },
        rollbar: RollbarConfig { bytes_kept: KEPT, ..RollbarConfig::default() },
        xray: XrayConfig { bytes_kept: KEPT, ..XrayConfig::default() },
        ..FakesConfig::default()
    }
}

/// The lines of the log that are dead letters.
fn letters(fixture: &mut Fixture) -> Vec<String> {
    fixture.catch_up();
    let letter = |event: &EmulatorEvent| match event {
        EmulatorEvent::Line(line) if line.line.contains("\"dead letter\"") => Some(line.line.clone()),
        _ => None,
    };
    fixture.seen.iter().filter_map(letter).collect()
}

/// Every span that the fixture swore to is there, and each of them once: every answer came, so nothing has an excuse.
fn check_spans(fixture: &Fixture, witness: &str) {
    let sworn: BTreeSet<&str> = witness.lines().filter_map(|line| line.split_once(' ')).map(|(_, span)| span).collect();
    fixture.vendors.honeycomb.with_store(|store| {
        assert_eq!(store.evicted_spans(), 0);
        let told: BTreeSet<&str> = store.spans().map(|span| span.span_id.as_str()).collect();
        let lost: Vec<_> = sworn.difference(&told).collect();
        assert!(lost.is_empty(), "{} of {} spans are lost: {:?}", lost.len(), sworn.len(), lost.first());
        assert_eq!(store.span_count(), told.len() as u64, "spans that came twice: {:?}", store.duplicates().next());
        let counted = store.spans().find(|span| span.resource.contains_key("crudder.lost.dropped"));
        assert!(counted.is_none(), "the ring has dropped something");
    });
}

/// Every request that failed has its one item.
fn check_items(fixture: &Fixture, traces: &[TraceId]) {
    let failing = traces.iter().step_by(FAILING as usize);
    fixture.vendors.rollbar.with_store(|store| {
        let mut items: BTreeMap<TraceId, u64> = BTreeMap::new();
        for item in store.items() {
            *items.entry(item.trace_id.expect("every item has a trace")).or_default() += 1;
        }
        let expected: BTreeMap<TraceId, u64> = failing.map(|trace| (*trace, 1)).collect();
        assert_eq!(items, expected);
        assert_eq!(store.item_count(), expected.len() as u64);
    });
}
