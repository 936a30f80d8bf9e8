//! Each built function with the built layer under AWS's own emulator: it answers its event, its
//! spans are exported, and the report of a panic names functions and lines.

use std::collections::BTreeMap;
use std::path::Path;

use crudder_fakes::{HoneycombStore, Span};
use crudder_local::template::Function;
use crudder_local::{Services, Settings};
use crudder_testing::TIMEOUT;
use crudder_testing::rie::Rie;
use serde_json::Value;

use crate::{built, check_response, layer, sample};

/// Starts AWS's emulator with the built layer and one built function.
async fn start(bootstrap: &Path, function: &Function, services: &Services) -> Rie {
    let mut variables: BTreeMap<String, String> = function.environment.clone();
    variables.extend(services.variables().clone());
    let of_lambda = [
        ("AWS_LAMBDA_FUNCTION_NAME", function.name.as_str()),
        ("AWS_LAMBDA_FUNCTION_TIMEOUT", "30"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
    ];
    variables.extend(of_lambda.map(|(name, value)| (name.to_owned(), value.to_owned())));
    Rie::start(&layer(), bootstrap, &variables).await
}

/// Invokes the function; returns its response.
async fn invoke(rie: &Rie, event: &Value) -> Value {
    let (_, text) = rie.invoke(event).await;
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}; its output:\n{}", rie.program.output()))
}

/// Returns a root span of the function, if Honeycomb has one.
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
        let rie = start(&bootstrap, &function, &services).await;
        let event = sample(&function.binary);
        check_response(&function.binary, &event, &invoke(&rie, &event).await);
        let found = services.fakes().honeycomb.wait_for(TIMEOUT, |store| root_of(store, &function.name)).await;
        let root =
            found.unwrap_or_else(|late| panic!("{}: {late}; its output:\n{}", function.name, rie.program.output()));
        assert!(!root.is_error(), "{root:?}");
        rie.program.stop().await;
    }
    services.fakes().honeycomb.with_store(|store| assert_eq!(store.call_log().violation_count(), 0));
    Box::pin(services.stop()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_of_the_built_function_names_functions_and_lines_of_our_crates() {
    let Some((function, bootstrap)) = built().into_iter().find(|(function, _)| function.binary == "rollbar-test")
    else {
        panic!("rollbar-test was not built");
    };
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::parse(|name| (name == "CRUDDER_FAULTS").then(|| "on".to_owned())).unwrap();
    let services = Box::pin(Services::start(&settings, folder.path())).await.unwrap();
    let rie = start(&bootstrap, &function, &services).await;
    let mut event = sample("rollbar-test");
    event["queryStringParameters"] = serde_json::json!({"kind": "panic"});
    event["multiValueQueryStringParameters"] = serde_json::json!({"kind": ["panic"]});
    assert_eq!(invoke(&rie, &event).await["statusCode"], 500);
    let item = services.fakes().rollbar.wait_for(TIMEOUT, |store| store.items().next().cloned()).await;
    let item = item.unwrap_or_else(|late| panic!("{late}; its output:\n{}", rie.program.output()));
    let trace = ["/body/trace/frames", "/body/trace_chain/0/frames"].iter().find_map(|at| item.data.pointer(at));
    let frames = trace.and_then(Value::as_array).unwrap_or_else(|| panic!("no frames in {}", item.data));
    let text = |frame: &Value, name: &str| frame[name].as_str().unwrap_or_default().to_owned();
    let ours: Vec<&Value> = frames.iter().filter(|frame| text(frame, "filename").contains("crates/api/src/")).collect();
    assert!(ours.iter().any(|frame| text(frame, "method").contains("crudder_api::")), "{frames:#?}");
    assert!(ours.iter().all(|frame| frame["lineno"].is_u64()), "{frames:#?}");
    // An async function has its own name, and frames without a name are left out.
    let is_nameless = |frame: &Value| ["async_fn", "unknown"].iter().any(|part| text(frame, "method").contains(part));
    assert!(!frames.iter().any(is_nameless), "{frames:#?}");
    rie.program.stop().await;
    Box::pin(services.stop()).await;
}
