//! The functions accept the invocations of `cargo lambda watch`: it always sends HTTP API events,
//! without a caller and with a deadline in 1970.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use crudder_local::template::{Access, Function, Route, Template};
use crudder_local::{Services, Settings};
use crudder_testing::wait::within_timeout;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::mpsc;

/// The deadline that cargo-lambda 1.9.2 gives every invocation, in milliseconds since 1970.
const DEADLINE: &str = "600000";

/// A runtime API that serves one invocation.
#[derive(Clone)]
struct RuntimeApi {
    event: Arc<Mutex<Option<Value>>>,
    responses: mpsc::UnboundedSender<Value>,
}

async fn serve(State(api): State<RuntimeApi>, uri: Uri, body: Bytes) -> Response {
    if uri.path().ends_with("/invocation/next") {
        let event = api.event.lock().unwrap().take();
        let Some(event) = event else { return std::future::pending().await };
        let headers = [
            ("lambda-runtime-aws-request-id", "8f7c2e1a-0000-4000-8000-0123456789ab"),
            ("lambda-runtime-deadline-ms", DEADLINE),
            ("lambda-runtime-invoked-function-arn", "function-arn"),
            ("lambda-runtime-trace-id", "Root=1-6ab13f80-00112233445566778899aabb;Parent=53995c3f42cd8ad8;Sampled=1"),
        ];
        return (headers, event.to_string()).into_response();
    }
    let call = json!({ "path": uri.path(), "body": serde_json::from_slice::<Value>(&body).unwrap_or_default() });
    api.responses.send(call).unwrap();
    StatusCode::ACCEPTED.into_response()
}

/// Returns the HTTP API event that `cargo lambda watch` makes of a request to this route.
fn event(function: &Function, route: &Route) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("events/{}.json", function.binary));
    let sample: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let query = sample["queryStringParameters"].as_object().cloned().unwrap_or_default();
    let raw: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap())).collect();
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": sample["path"], "rawQueryString": raw.join("&").replace(' ', "%20"),
        "headers": {"host": "127.0.0.1:9000", "content-type": "application/json", "user-agent": "curl/8.5.0"},
        "queryStringParameters": query, "pathParameters": sample["pathParameters"],
        "requestContext": {
            "http": {"method": route.method, "path": sample["path"], "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "curl/8.5.0"},
            "requestId": "r", "routeKey": "$default", "stage": "$default", "timeEpoch": 1_795_341_600_000_u64,
        },
        "body": sample["body"], "isBase64Encoded": false,
    })
}

/// Runs the function with this event; returns its call of the runtime API.
async fn invoke(function: &Function, environment: &BTreeMap<String, String>, event: Value) -> Value {
    let (responses, mut received) = mpsc::unbounded_channel();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let api = RuntimeApi { event: Arc::new(Mutex::new(Some(event))), responses };
    let serving =
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(serve).with_state(api)).await });
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_health-check")).with_file_name(&function.binary));
    command.envs(&function.environment).envs(environment).env("AWS_LAMBDA_RUNTIME_API", address.to_string());
    for (name, value) in [
        ("AWS_LAMBDA_FUNCTION_NAME", function.name.as_str()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "4096"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
    ] {
        command.env(name, value);
    }
    command.env("CRUDDER_RECORDER", folder.path().join("recorder")).stdout(Stdio::null()).kill_on_drop(true);
    let child = command.spawn().unwrap();
    let call = within_timeout(&format!("a response of {}", function.binary), received.recv()).await;
    drop(child);
    serving.abort();
    call.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_answers_an_http_api_event_with_a_deadline_in_the_past() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::parse(|_| None).unwrap();
    let services = Box::pin(Services::start(&settings, folder.path())).await.unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("template.yaml");
    let template = Template::read(&path, &settings.variables).unwrap();
    for (function, route) in template.routes() {
        let call = invoke(function, services.variables(), event(function, route)).await;
        assert!(call["path"].as_str().unwrap().ends_with("/response"), "{}: {call}", function.binary);
        let status = call["body"]["statusCode"].as_u64().unwrap_or_else(|| panic!("{call}"));
        // These events have no caller, so a route that requires one refuses them.
        let expected = match (&route.access, function.binary.as_str()) {
            (Access::Token { .. }, _) => 401,
            (Access::Anyone, "show-activity") => 404,
            (Access::Anyone, _) => 200,
        };
        assert_eq!(status, expected, "{}: {call}", function.binary);
    }
    Box::pin(services.stop()).await;
}
