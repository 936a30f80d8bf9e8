//! Runs real functions with the extension under AWS's own Runtime Interface Emulator (RIE).
//!
//! Our emulator and the extension may share a wrong idea of Lambda; RIE is built from the code that
//! runs in Lambda. It comes in the wheel of `aws-sam-cli` on PyPI
//! (`samcli/local/rapid/aws-lambda-rie-x86_64`); `make conformance` sets its path in `CRUDDER_RIE`.
//!
//! RIE covers the life cycle of an extension: it is found in `/opt/extensions`, registered before
//! the function starts, waited for after each invocation, sent SHUTDOWN with a reason and killed
//! two seconds later. It also covers the end of a function that times out or crashes, and the reset
//! of the environment on the same `/tmp`.
//!
//! RIE has no Telemetry API (it answers 202 `Telemetry.NotSupported`, so the extension finds deaths
//! by itself), no trace header for the function (so each trace id is the function's own, and X-Ray
//! gets nothing), no freeze, no memory limit, and no concurrent invocations. Only our emulator has
//! those, in `tests/edge`.

#[path = "../support/binary.rs"]
mod binary;

mod functions;

use std::time::Duration;

use crudder_fakes::{Fakes, FakesConfig, Fault, HoneycombStore, Item, Plan, RollbarStore, Span};
use crudder_testing::TIMEOUT;
use crudder_testing::rie::Rie;
use functions::{event, request, start};

/// The timeout of a function that is not expected to time out.
const FUNCTION_TIMEOUT_S: u64 = 60;
/// Lambda kills an extension this long after SHUTDOWN. So does RIE.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);
const HEALTHY: &str = r#"{"success":true,"ver":1}"#;

async fn start_fakes() -> Fakes {
    Fakes::start(FakesConfig::default()).await.expect("the fakes start")
}

fn roots(store: &HoneycombStore) -> Vec<Span> {
    store.spans().filter(|span| span.parent_span_id.is_none()).cloned().collect()
}

/// Waits for at least `enough` root spans.
async fn wait_for_roots(fakes: &Fakes, enough: usize, rie: &Rie) -> Vec<Span> {
    let found = |store: &HoneycombStore| Some(roots(store)).filter(|roots| roots.len() >= enough);
    let found = fakes.honeycomb.wait_for(TIMEOUT, found).await;
    found.unwrap_or_else(|late| panic!("{late}; the output of RIE:\n{}", rie.program.output()))
}

/// Stops RIE, which sends SHUTDOWN to the extension. Checks that nothing came twice and no fake noted a violation. Returns all
/// output.
async fn close(rie: Rie, fakes: &Fakes) -> Vec<String> {
    let (lines, took) = rie.program.stop().await;
    assert!(took < SHUTDOWN_TIMEOUT, "the extension had to be killed ({took:?}):\n{}", lines.join("\n"));
    fakes.honeycomb.with_store(|store| {
        assert_eq!(store.unexpected_duplicates(), 0, "{:?}", store.duplicates().collect::<Vec<_>>());
        assert_eq!(store.call_log().violation_count(), 0, "{:?}", store.call_log().violations().collect::<Vec<_>>());
    });
    fakes.rollbar.with_store(|store| {
        assert_eq!(store.unexpected_duplicates(), 0);
        assert_eq!(store.call_log().violation_count(), 0, "{:?}", store.call_log().violations().collect::<Vec<_>>());
    });
    lines
}

fn count(lines: &[String], part: &str) -> usize {
    lines.iter().filter(|line| line.contains(part)).count()
}

#[tokio::test]
async fn the_layer_registers_and_delivers_without_a_telemetry_api() {
    let fakes = start_fakes().await;
    let mut rie = start("health-check", FUNCTION_TIMEOUT_S, &fakes).await;
    let sample = event("health-check", None);
    assert_eq!(request(&rie, &sample).await, (200, HEALTHY.to_owned()));
    let start_line = rie.program.wait_for_line("START RequestId: ").await;
    let [root] = wait_for_roots(&fakes, 1, &rie).await.try_into().expect("one root");
    assert_eq!((root.name.as_str(), root.kind), ("GET /api/health-check", "server"));
    let id = root.attributes["faas.invocation_id"].as_str().expect("an id");
    assert!(start_line.contains(id), "{start_line}, {id}");
    assert_eq!(request(&rie, &sample).await, (200, HEALTHY.to_owned()), "the extension lives on");
    let lines = close(rie, &fakes).await;
    assert_eq!(count(&lines, "Telemetry.NotSupported"), 1, "{}", lines.join("\n"));
    let registered: Vec<_> = lines.iter().filter(|line| line.contains("External agent crudder-extension")).collect();
    let [registered] = registered.as_slice() else { panic!("{registered:?}") };
    assert!(registered.ends_with("registered, subscribed to [INVOKE SHUTDOWN]"), "{registered}");
    assert_eq!(fakes.honeycomb.with_store(|store| roots(store).len()), 2);
}

#[tokio::test]
async fn shutdown_delivers_what_could_not_be_sent_before_and_the_extension_ends_in_time() {
    let fakes = start_fakes().await;
    let rie = start("health-check", FUNCTION_TIMEOUT_S, &fakes).await;
    fakes.honeycomb.faults().add(Plan::always(Fault::BadGateway)).expect("a fault it knows");
    assert_eq!(request(&rie, &event("health-check", None)).await, (200, HEALTHY.to_owned()));
    assert_eq!(fakes.honeycomb.with_store(HoneycombStore::span_count), 0);
    fakes.honeycomb.faults().clear();
    let lines = close(rie, &fakes).await;
    assert_eq!(fakes.honeycomb.with_store(|store| roots(store).len()), 1, "{}", lines.join("\n"));
    assert_eq!(count(&lines, "dead letter"), 0, "{}", lines.join("\n"));
}

/// Checks what every death has in common: a failed root span with the cause, one critical item in the same trace, and a
/// next process that serves.
async fn check_death(fakes: &Fakes, rie: Rie, cause: &str) {
    let [root] = wait_for_roots(fakes, 1, &rie).await.try_into().expect("one root");
    assert!(root.is_error(), "{root:?}");
    assert_eq!((root.name.as_str(), &root.attributes["crudder.death"]), ("GET /rollbar/test", &cause.into()));
    let fatal = |store: &RollbarStore| -> Option<Vec<Item>> {
        let items: Vec<_> = store.items().filter(|item| item.level == "critical").cloned().collect();
        (!items.is_empty()).then_some(items)
    };
    let items = fakes.rollbar.wait_for(TIMEOUT, fatal).await.expect("an item");
    let [item] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!((item.class.as_deref(), item.trace_id), (Some(cause), Some(root.trace_id)));
    assert_eq!(request(&rie, &event("rollbar-test", None)).await, (200, "Hello World!".to_owned()));
    wait_for_roots(fakes, 2, &rie).await;
    let lines = close(rie, fakes).await;
    assert_eq!(count(&lines, "External agent crudder-extension"), 2, "two processes:\n{}", lines.join("\n"));
    let dead: Vec<Span> =
        fakes.honeycomb.with_store(|store| store.spans().filter(|span| span.is_error()).cloned().collect());
    assert_eq!(dead.iter().filter(|span| span.parent_span_id.is_none()).count(), 1, "{dead:#?}");
    let failed_spans: Vec<_> =
        dead.iter().filter(|span| span.attributes.get("crudder.culprit") == Some(&true.into())).collect();
    let [failed_span] = failed_spans.as_slice() else { panic!("{dead:#?}") };
    assert_eq!((failed_span.name.as_str(), &failed_span.parent_span_id), ("fault", &Some(root.span_id)));
    assert_eq!(fakes.honeycomb.with_store(|store| roots(store).len()), 2);
    let items: Vec<Item> = fakes.rollbar.with_store(|store| store.items().cloned().collect());
    assert_eq!(items.iter().filter(|item| item.level == "critical").count(), 1, "{items:?}");
}

#[tokio::test]
async fn a_crash_in_the_emulators_words_is_one_death() {
    let fakes = start_fakes().await;
    let rie = start("rollbar-test", FUNCTION_TIMEOUT_S, &fakes).await;
    let (status, answer) = rie.invoke(&event("rollbar-test", Some(("kind", "abort")))).await;
    assert!(status == 502 && answer.contains("Runtime.ExitError"), "{status} {answer}");
    check_death(&fakes, rie, "crash").await;
}

#[tokio::test]
async fn a_timeout_in_the_emulators_words_is_one_death() {
    let fakes = start_fakes().await;
    let rie = start("rollbar-test", 2, &fakes).await;
    let answer = rie.invoke(&event("rollbar-test", Some(("kind", "timeout")))).await;
    assert_eq!(answer, (200, "Task timed out after 2.00 seconds".to_owned()));
    check_death(&fakes, rie, "timeout").await;
}
