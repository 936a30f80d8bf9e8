//! Each built function with the built layer beside it, under AWS's own emulator: it answers its event, its spans arrive, and a panic in it
//! is told by name and line.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crudder_fakes::{HoneycombStore, Span};
use crudder_local::template::Function;
use crudder_local::{Services, Settings};
use serde_json::Value;

use crate::emulator::Emulator;
use crate::{built, holds, layer, sample};

/// Far more than a delivery takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// The emulator with the built layer and one built function.
async fn emulated(bootstrap: &Path, function: &Function, services: &Services) -> Emulator {
    let mut variables: BTreeMap<String, String> = function.environment.clone();
    variables.extend(services.variables().clone());
    let own = [
        ("AWS_LAMBDA_FUNCTION_NAME", function.name.as_str()),
        ("AWS_LAMBDA_FUNCTION_TIMEOUT", "30"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
    ];
    variables.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
    Emulator::start(&layer(), bootstrap, &variables).await
}

/// The function's answer.
async fn answer(emulator: &Emulator, event: &Value) -> Value {
    let (_, text) = emulator.invoke(event).await;
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}; it said:\n{}", emulator.program.so_far()))
}

fn root_of(store: &HoneycombStore, function: &str) -> Option<Span> {
    let of = |span: &&Span| span.resource.get("faas.name").and_then(Value::as_str) == Some(function);
    store.spans().filter(of).find(|span| span.parent_span_id.is_none()).cloned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_built_function_with_the_built_layer_answers_its_event_and_its_spans_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::parse(|_| None).unwrap();
    let services = Box::pin(Services::start(&settings, folder.path())).await.unwrap();
    for (function, bootstrap) in built() {
        let emulator = emulated(&bootstrap, &function, &services).await;
        let event = sample(&function.binary);
        holds(&function.binary, &event, &answer(&emulator, &event).await);
        let told = services.fakes().honeycomb.wait_for(PATIENCE, |store| root_of(store, &function.name)).await;
        let root =
            told.unwrap_or_else(|late| panic!("{}: {late}; it said:\n{}", function.name, emulator.program.so_far()));
        assert!(!root.is_error(), "{root:?}");
        emulator.program.end().await;
    }
    services.fakes().honeycomb.with_store(|store| assert_eq!(store.call_log().violation_count(), 0));
    Box::pin(services.stop()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_of_the_built_function_names_functions_and_lines_of_our_crates() {
    let Some((function, bootstrap)) = built().into_iter().find(|(function, _)| function.binary == "rollbar-test")
    else {
        panic!("rollbar-test is not among what was built");
    };
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::parse(|name| (name == "CRUDDER_FAULTS").then(|| "on".to_owned())).unwrap();
    let services = Box::pin(Services::start(&settings, folder.path())).await.unwrap();
    let emulator = emulated(&bootstrap, &function, &services).await;
    let mut event = sample("rollbar-test");
    event["queryStringParameters"] = serde_json::json!({"kind": "panic"});
    event["multiValueQueryStringParameters"] = serde_json::json!({"kind": ["panic"]});
    assert_eq!(answer(&emulator, &event).await["statusCode"], 500);
    let item = services.fakes().rollbar.wait_for(PATIENCE, |store| store.items().next().cloned()).await;
    let item = item.unwrap_or_else(|late| panic!("{late}; it said:\n{}", emulator.program.so_far()));
    let trace = ["/body/trace/frames", "/body/trace_chain/0/frames"].iter().find_map(|at| item.data.pointer(at));
    let frames = trace.and_then(Value::as_array).unwrap_or_else(|| panic!("no frames in {}", item.data));
    let of = |frame: &Value, name: &str| frame[name].as_str().unwrap_or_default().to_owned();
    let ours: Vec<&Value> = frames.iter().filter(|frame| of(frame, "filename").contains("crates/api/src/")).collect();
    assert!(ours.iter().any(|frame| of(frame, "method").contains("crudder_api::")), "{frames:#?}");
    assert!(ours.iter().all(|frame| frame["lineno"].is_u64()), "{frames:#?}");
    // An async function is called by its own name, and what has none is left out.
    let nameless = |frame: &Value| ["async_fn", "unknown"].iter().any(|part| of(frame, "method").contains(part));
    assert!(!frames.iter().any(nameless), "{frames:#?}");
    emulator.program.end().await;
    Box::pin(services.stop()).await;
}
