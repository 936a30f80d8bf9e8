//! Functions under `cargo lambda watch`: it sends HTTP API events whatever the template says, no caller, and a deadline of 1970.

#![expect(clippy::unwrap_used, reason = "what fails here is the test")]

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use crudder_local::template::{Access, Function, Route, Template};
use crudder_local::{Services, Settings};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::mpsc;

/// Far more than a cold start takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// What cargo-lambda 1.9.2 gives every invocation, in milliseconds since 1970.
const DEADLINE: &str = "600000";

/// The emulator's side of one invocation.
#[derive(Clone)]
struct Emulator {
    event: Arc<Mutex<Option<Value>>>,
    answers: mpsc::UnboundedSender<Value>,
}

async fn serve(State(emulator): State<Emulator>, uri: Uri, body: Bytes) -> Response {
    if uri.path().ends_with("/invocation/next") {
        let event = emulator.event.lock().unwrap().take();
        let Some(event) = event else { return std::future::pending().await };
        let headers = [
            ("lambda-runtime-aws-request-id", "8f7c2e1a-0000-4000-8000-0123456789ab"),
            ("lambda-runtime-deadline-ms", DEADLINE),
            ("lambda-runtime-invoked-function-arn", "function-arn"),
            ("lambda-runtime-trace-id", "Root=1-6ab13f80-00112233445566778899aabb;Parent=53995c3f42cd8ad8;Sampled=1"),
        ];
        return (headers, event.to_string()).into_response();
    }
    let answer = json!({ "to": uri.path(), "said": serde_json::from_slice::<Value>(&body).unwrap_or_default() });
    emulator.answers.send(answer).unwrap();
    StatusCode::ACCEPTED.into_response()
}

/// The event of an HTTP API, as the emulator makes it of a request to this route.
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

/// What the function answers to this event.
async fn answer(function: &Function, environment: &BTreeMap<String, String>, event: Value) -> Value {
    let (answers, mut answered) = mpsc::unbounded_channel();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let emulator = Emulator { event: Arc::new(Mutex::new(Some(event))), answers };
    let serving =
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(serve).with_state(emulator)).await });
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
    let answer = tokio::time::timeout(PATIENCE, answered.recv()).await;
    drop(child);
    serving.abort();
    answer.unwrap_or_else(|_| panic!("{} does not answer", function.binary)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_answers_an_http_api_event_with_a_deadline_in_the_past() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::parse(|_| None).unwrap();
    let services = Box::pin(Services::start(&settings, folder.path())).await.unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("template.yaml");
    let template = Template::read(&path, &settings.variables).unwrap();
    for (function, route) in template.routes() {
        let answer = answer(function, services.variables(), event(function, route)).await;
        assert!(answer["to"].as_str().unwrap().ends_with("/response"), "{}: {answer}", function.binary);
        let status = answer["said"]["statusCode"].as_u64().unwrap_or_else(|| panic!("{answer}"));
        // Nobody signs in there, so what asks for a caller says so.
        let wanted = match (&route.access, function.binary.as_str()) {
            (Access::Token { .. }, _) => 401,
            (Access::Anyone, "show-activity") => 404,
            (Access::Anyone, _) => 200,
        };
        assert_eq!(status, wanted, "{}: {answer}", function.binary);
    }
    Box::pin(services.stop()).await;
}
