//! AWS's own Runtime Interface Emulator runs real functions of Crudder's with the layer attached.
//!
//! The emulator is ours, and so may share a wrong idea of Lambda with the layer; the emulator is built from what runs in Lambda. It
//! comes in the wheel of `aws-sam-cli` on PyPI (`samcli/local/rapid/aws-lambda-rie-x86_64`); `make witness` names it in
//! `CRUDDER_RIE`.
//!
//! What it witnesses: the life of an extension (found in `/opt/extensions`, registered before the function starts, waited for after
//! each invocation, told of SHUTDOWN with its reason, killed two seconds later), the end of a function that times out or crashes,
//! and the environment that is made anew after it, on the same `/tmp`.
//!
//! What it does not have: the Telemetry API (it answers 202 `Telemetry.NotSupported`, so here the layer finds deaths out by itself),
//! a trace header for the function (so each trace's id is the function's own, and nothing is told to X-Ray), the freeze, memory
//! limits, and more than one invocation at a time. Those are the emulator's, in `tests/edge`, and unwitnessed.

#[path = "../../../tests/support/address.rs"]
mod address;
#[path = "../../../tests/support/emulator.rs"]
mod emulator;
mod functions;
#[path = "../../../tests/support/program.rs"]
mod program;

use std::time::Duration;

use crudder_fakes::{Fakes, FakesConfig, Fault, HoneycombStore, Item, Plan, RollbarStore, Span};
use emulator::Emulator;
use functions::event;

/// Far longer than a delivery takes.
const PATIENCE: Duration = Duration::from_secs(30);
/// More than anything here needs, where no timeout is wanted.
const LONG_S: u64 = 60;
/// What Lambda leaves an extension after SHUTDOWN; then it kills it. So does the emulator.
const SHUTDOWN_LASTS: Duration = Duration::from_secs(2);
const HEALTHY: &str = r#"{"success":true,"ver":1}"#;

async fn vendors() -> Fakes {
    Fakes::start(FakesConfig::default()).await.expect("the fakes start")
}

fn roots(store: &HoneycombStore) -> Vec<Span> {
    store.spans().filter(|span| span.parent_span_id.is_none()).cloned().collect()
}

/// The root spans, once there are so many.
async fn wait_for_roots(vendors: &Fakes, enough: usize, emulator: &Emulator) -> Vec<Span> {
    let found = |store: &HoneycombStore| Some(roots(store)).filter(|roots| roots.len() >= enough);
    let found = vendors.honeycomb.wait_for(PATIENCE, found).await;
    found.unwrap_or_else(|late| panic!("{late}; the emulator said:\n{}", emulator.program.so_far()))
}

/// Ends the emulator, which ends the layer by SHUTDOWN; then nothing was said twice, and no vendor complained. What was said.
async fn close(emulator: Emulator, vendors: &Fakes) -> Vec<String> {
    let (lines, took) = emulator.program.end().await;
    assert!(took < SHUTDOWN_LASTS, "the layer had to be killed ({took:?}):\n{}", lines.join("\n"));
    vendors.honeycomb.with_store(|store| {
        assert_eq!(store.unexpected_duplicates(), 0, "{:?}", store.duplicates().collect::<Vec<_>>());
        assert_eq!(store.call_log().violation_count(), 0, "{:?}", store.call_log().violations().collect::<Vec<_>>());
    });
    vendors.rollbar.with_store(|store| {
        assert_eq!(store.unexpected_duplicates(), 0);
        assert_eq!(store.call_log().violation_count(), 0, "{:?}", store.call_log().violations().collect::<Vec<_>>());
    });
    lines
}

fn count(lines: &[String], part: &str) -> usize {
    lines.iter().filter(|line| line.contains(part)).count()
}

#[tokio::test]
async fn the_layer_registers_and_delivers_where_there_is_no_telemetry_api() {
    let vendors = vendors().await;
    let mut emulator = Emulator::with("health-check", LONG_S, &vendors).await;
    let sample = event("health-check", None);
    assert_eq!(emulator.request(&sample).await, (200, HEALTHY.to_owned()));
    let request = emulator.program.hear_line("START RequestId: ").await;
    let [root] = wait_for_roots(&vendors, 1, &emulator).await.try_into().expect("one root");
    assert_eq!((root.name.as_str(), root.kind), ("GET /api/health-check", "server"));
    let id = root.attributes["faas.invocation_id"].as_str().expect("an id");
    assert!(request.contains(id), "{request}, {id}");
    assert_eq!(emulator.request(&sample).await, (200, HEALTHY.to_owned()), "the layer lives on");
    let lines = close(emulator, &vendors).await;
    assert_eq!(count(&lines, "Telemetry.NotSupported"), 1, "{}", lines.join("\n"));
    let registered: Vec<_> = lines.iter().filter(|line| line.contains("External agent crudder-extension")).collect();
    let [registered] = registered.as_slice() else { panic!("{registered:?}") };
    assert!(registered.ends_with("registered, subscribed to [INVOKE SHUTDOWN]"), "{registered}");
    assert_eq!(vendors.honeycomb.with_store(|store| roots(store).len()), 2);
}

#[tokio::test]
async fn shutdown_delivers_what_could_not_leave_before_and_the_layer_ends_in_time() {
    let vendors = vendors().await;
    let emulator = Emulator::with("health-check", LONG_S, &vendors).await;
    vendors.honeycomb.faults().add(Plan::always(Fault::BadGateway)).expect("a fault it knows");
    assert_eq!(emulator.request(&event("health-check", None)).await, (200, HEALTHY.to_owned()));
    assert_eq!(vendors.honeycomb.with_store(HoneycombStore::span_count), 0);
    vendors.honeycomb.faults().clear();
    let lines = close(emulator, &vendors).await;
    assert_eq!(vendors.honeycomb.with_store(|store| roots(store).len()), 1, "{}", lines.join("\n"));
    assert_eq!(count(&lines, "dead letter"), 0, "{}", lines.join("\n"));
}

/// What every death has in common: a failed root with the reason, one critical item in the same trace, and a next life that serves.
async fn is_told(vendors: &Fakes, emulator: Emulator, reason: &str) {
    let [root] = wait_for_roots(vendors, 1, &emulator).await.try_into().expect("one root");
    assert!(root.is_error(), "{root:?}");
    assert_eq!((root.name.as_str(), &root.attributes["crudder.death"]), ("GET /rollbar/test", &reason.into()));
    let fatal = |store: &RollbarStore| -> Option<Vec<Item>> {
        let items: Vec<_> = store.items().filter(|item| item.level == "critical").cloned().collect();
        (!items.is_empty()).then_some(items)
    };
    let items = vendors.rollbar.wait_for(PATIENCE, fatal).await.expect("an item");
    let [item] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!((item.class.as_deref(), item.trace_id), (Some(reason), Some(root.trace_id)));
    assert_eq!(emulator.request(&event("rollbar-test", None)).await, (200, "Hello World!".to_owned()));
    wait_for_roots(vendors, 2, &emulator).await;
    let lines = close(emulator, vendors).await;
    assert_eq!(count(&lines, "External agent crudder-extension"), 2, "two lives:\n{}", lines.join("\n"));
    let dead: Vec<Span> =
        vendors.honeycomb.with_store(|store| store.spans().filter(|span| span.is_error()).cloned().collect());
    assert_eq!(dead.iter().filter(|span| span.parent_span_id.is_none()).count(), 1, "{dead:#?}");
    let culprits: Vec<_> =
        dead.iter().filter(|span| span.attributes.get("crudder.culprit") == Some(&true.into())).collect();
    let [culprit] = culprits.as_slice() else { panic!("{dead:#?}") };
    assert_eq!((culprit.name.as_str(), &culprit.parent_span_id), ("fault", &Some(root.span_id)));
    assert_eq!(vendors.honeycomb.with_store(|store| roots(store).len()), 2);
    let items: Vec<Item> = vendors.rollbar.with_store(|store| store.items().cloned().collect());
    assert_eq!(items.iter().filter(|item| item.level == "critical").count(), 1, "{items:?}");
}

#[tokio::test]
async fn a_crash_in_the_emulators_words_is_a_death_told_once() {
    let vendors = vendors().await;
    let emulator = Emulator::with("rollbar-test", LONG_S, &vendors).await;
    let (status, answer) = emulator.invoke(&event("rollbar-test", Some(("kind", "abort")))).await;
    assert!(status == 502 && answer.contains("Runtime.ExitError"), "{status} {answer}");
    is_told(&vendors, emulator, "crash").await;
}

#[tokio::test]
async fn a_timeout_in_the_emulators_words_is_a_death_told_once() {
    let vendors = vendors().await;
    let emulator = Emulator::with("rollbar-test", 2, &vendors).await;
    let answer = emulator.invoke(&event("rollbar-test", Some(("kind", "timeout")))).await;
    assert_eq!(answer, (200, "Task timed out after 2.00 seconds".to_owned()));
    is_told(&vendors, emulator, "timeout").await;
}
