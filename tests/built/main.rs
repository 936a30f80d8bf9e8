//! What `sam build` made, as Lambda would run it: each function with the layer beside it under AWS's own emulator, answering its sample
//! event, its spans arriving; and how long both take to start.
//!
//! `make built` says where things are: `CRUDDER_BUILT` is SAM's folder of artifacts (the functions in it are taken, be it one or all),
//! `CRUDDER_RIE` the emulator, `CRUDDER_BARE` the binary `bare` of crates/api, built in the same way.

#![expect(clippy::unwrap_used, reason = "what fails here is the test")]

#[path = "../support/address.rs"]
mod address;
#[path = "../support/emulator.rs"]
mod emulator;
#[path = "../support/program.rs"]
#[expect(dead_code, reason = "the witnesses listen to their programs, this one only ends them")]
mod program;
mod starts;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crudder_local::template::{Function, Template};
use crudder_local::{Services, Settings};
use crudder_vendors::{HoneycombStore, Span};
use emulator::Emulator;
use program::named_by;
use serde_json::Value;

/// Far more than a delivery takes.
const PATIENCE: Duration = Duration::from_secs(30);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn layer() -> PathBuf {
    named_by("CRUDDER_BUILT").join("CrudderLayer/extensions/crudder-extension")
}

/// The functions that were built, each with its bootstrap.
fn built() -> Vec<(Function, PathBuf)> {
    let settings = Settings::parse(|_| None).unwrap();
    let template = Template::read(&root().join("template.yaml"), &settings.variables).unwrap();
    let folder = named_by("CRUDDER_BUILT");
    let found: Vec<_> = template
        .functions
        .into_iter()
        .map(|function| (folder.join(&function.resource).join("bootstrap"), function))
        .filter(|(bootstrap, _)| bootstrap.is_file())
        .map(|(bootstrap, function)| (function, bootstrap))
        .collect();
    assert!(!found.is_empty(), "{} holds no function", folder.display());
    found
}

fn sample(function: &str) -> Value {
    let text = std::fs::read_to_string(root().join(format!("events/{function}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

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

/// What a proxy answer must say, or a trigger's: a status below 500 and a body of JSON; the event again.
fn holds(function: &str, event: &Value, answer: &Value) {
    if event["httpMethod"].is_null() {
        assert_eq!(event, answer, "{function}");
        return;
    }
    let status = answer["statusCode"].as_u64().unwrap_or_else(|| panic!("{function}: {answer}"));
    // The sample event of a reply names a post that is nobody's, and so does that of a post's page.
    let wanted: &[u64] = if ["create-reply", "show-activity"].contains(&function) { &[200, 404] } else { &[200] };
    assert!(wanted.contains(&status), "{function}: {answer}");
    let body = answer["body"].as_str().unwrap();
    assert!(function == "rollbar-test" || serde_json::from_str::<Value>(body).is_ok(), "{function}: {body}");
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
        let told = services.vendors().honeycomb.wait_for(PATIENCE, |store| root_of(store, &function.name)).await;
        let root =
            told.unwrap_or_else(|late| panic!("{}: {late}; it said:\n{}", function.name, emulator.program.so_far()));
        assert!(!root.is_error(), "{root:?}");
        emulator.program.end().await;
    }
    services.vendors().honeycomb.look(|store| assert_eq!(store.ledger().complained(), 0));
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
    let item = services.vendors().rollbar.wait_for(PATIENCE, |store| store.items().next().cloned()).await;
    let item = item.unwrap_or_else(|late| panic!("{late}; it said:\n{}", emulator.program.so_far()));
    let trace = ["/body/trace/frames", "/body/trace_chain/0/frames"].iter().find_map(|at| item.data.pointer(at));
    let frames = trace.and_then(Value::as_array).unwrap_or_else(|| panic!("no frames in {}", item.data));
    let is_ours = |frame: &&Value| {
        let of = |name: &str| frame[name].as_str().unwrap_or_default();
        of("filename").contains("crates/api/src/") && of("method").contains("crudder_api::") && frame["lineno"].is_u64()
    };
    assert!(frames.iter().any(|frame| is_ours(&frame)), "{frames:#?}");
    emulator.program.end().await;
    Box::pin(services.stop()).await;
}
