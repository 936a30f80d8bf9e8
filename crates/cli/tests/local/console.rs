//! Tests of the console's JSON, and of the origins from which it accepts requests.

use crudder_testing::wait::within_timeout;
use reqwest::{Client, Method, StatusCode};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::local_process::{LocalProcess, crudder_local};

async fn post_from(local: &LocalProcess, path: &str, origin: &str) -> StatusCode {
    let request = Client::new().request(Method::POST, format!("{}{path}", local.console)).body(r#"{"handle":"londo"}"#);
    request.header("Origin", origin).send().await.unwrap().status()
}

#[tokio::test]
async fn a_request_is_listed_even_if_no_function_ran_and_no_telemetry_was_exported() {
    let data = tempfile::tempdir().unwrap();
    let local = LocalProcess::start(crudder_local(data.path())).await;
    let refused = Client::new().post(format!("{}/api/activities", local.api)).body("{}").send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert_eq!(local.get("/nowhere/at/all").await.0, 404);
    let listed = local.console("/api/requests").await;
    let field = |at: usize, name: &str| listed["requests"][at][name].clone();
    assert_eq!(
        (field(0, "path"), field(0, "route"), field(0, "status")),
        (json!("/nowhere/at/all"), Value::Null, json!(404))
    );
    assert_eq!(
        (field(1, "route"), field(1, "function"), field(1, "cold")),
        (json!("/api/activities"), Value::Null, Value::Null)
    );
    assert_eq!((field(0, "outcome"), field(1, "outcome")), (json!("refused"), json!("refused")));
    let trace = field(0, "xray_trace_id");
    let opened = local.console(&format!("/api/traces/{}", trace.as_str().unwrap())).await;
    assert_eq!((&opened["requests"][0]["path"], &opened["spans"]), (&json!("/nowhere/at/all"), &json!([])));
    for (query, found) in
        [("q=NOWHERE", 1), ("q=nothing+such", 0), ("outcome=refused", 2), ("outcome=ok", 0), ("limit=1", 1)]
    {
        let matching = local.console(&format!("/api/requests?{query}")).await;
        assert_eq!(matching["requests"].as_array().map(Vec::len), Some(found), "{query}");
    }
    let one = local.console(&format!("/api/requests?q={}", trace.as_str().unwrap())).await;
    assert_eq!(one["requests"].as_array().map(Vec::len), Some(1), "by its trace ID");
    local.end(Signal::INT).await;
}

#[tokio::test]
async fn the_stream_sends_each_request_and_does_not_keep_the_console_from_stopping() {
    let data = tempfile::tempdir().unwrap();
    let local = LocalProcess::start(crudder_local(data.path())).await;
    let mut stream = reqwest::get(format!("{}/api/requests/stream", local.console)).await.unwrap();
    local.get("/api/health-check").await;
    let mut received = String::new();
    while !received.contains("/api/health-check") {
        received.push_str(&String::from_utf8_lossy(&stream.chunk().await.unwrap().expect("the stream continues")));
    }
    assert!(received.starts_with("event: hello\n"), "{received}");
    // The stream is still open here.
    assert_eq!(local.end(Signal::INT).await.0, Some(0));
}

#[tokio::test]
async fn requests_that_change_something_are_refused_from_other_origins() {
    let data = tempfile::tempdir().unwrap();
    let local = LocalProcess::start(crudder_local(data.path())).await;
    for path in ["/token", "/send/api/activities"] {
        for origin in ["https://evil.example", "null", local.api.as_str()] {
            assert_eq!(post_from(&local, path, origin).await, 403, "{path} from {origin}");
        }
    }
    assert_eq!(post_from(&local, "/token", &local.console).await, 200);
    let page = reqwest::get(&local.console).await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"), "{policy}");
    assert!(page.headers().get("access-control-allow-origin").is_none(), "no other origin may read it");
    local.end(Signal::INT).await;
}

#[tokio::test]
async fn faults_are_on_unless_the_environment_turns_them_off() {
    let data = tempfile::tempdir().unwrap();
    let local = LocalProcess::start(crudder_local(data.path())).await;
    assert_eq!(local.console("/api/about").await["faults"], true);
    assert_eq!(local.get("/rollbar/test?kind=error").await.0, 500);
    local.end(Signal::INT).await;
    let mut command = crudder_local(data.path());
    command.env("CRUDDER_FAULTS", "off");
    let local = LocalProcess::start(command).await;
    assert_eq!(local.console("/api/about").await["faults"], false);
    assert_eq!(local.get("/rollbar/test?kind=error").await.0, 404);
    local.end(Signal::INT).await;
}

#[tokio::test]
async fn the_console_forwards_requests_to_the_api() {
    let data = tempfile::tempdir().unwrap();
    let local = LocalProcess::start(crudder_local(data.path())).await;
    let response = reqwest::get(format!("{}/send/api/activities/search?term=imported", local.console)).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.headers()["x-amzn-trace-id"].to_str().unwrap().starts_with("Root=1-"));
    let found: Value = response.json().await.unwrap();
    assert_eq!(found[0]["message"], "This was imported as seed data!");
    local.end(Signal::INT).await;
}

#[tokio::test]
async fn a_batch_for_honeycomb_is_shown_without_its_key() {
    let data = tempfile::tempdir().unwrap();
    let local = LocalProcess::start(crudder_local(data.path())).await;
    assert_eq!(local.get("/rollbar/test?kind=error").await.0, 500);
    let mut opened = Value::Null;
    let exported = async {
        while opened["batches"].as_array().is_none_or(Vec::is_empty)
            || opened["reports"].as_array().is_none_or(Vec::is_empty)
        {
            let listed = local.console("/api/requests?outcome=error").await;
            let trace = listed["requests"][0]["trace_id"].as_str().unwrap_or("none").to_owned();
            opened = local.console(&format!("/api/traces/{trace}")).await;
        }
    };
    within_timeout("an export", exported).await;
    let batch = &opened["batches"][0];
    assert!(batch["bytes"].as_u64().unwrap() > 0 && batch["body"].is_string(), "{batch}");
    let shown = opened.to_string();
    // The start of the key of Honeycomb's fake, and the end of both keys.
    assert!(!shown.contains("hcaik_") && !shown.contains("000crud"), "{shown}");
    let headers = batch["headers"].as_array().unwrap();
    let key = headers.iter().find(|pair| pair[0] == "x-honeycomb-team").unwrap()[1].as_str().unwrap();
    assert!(key.chars().count() <= 5, "{key}");
    assert_eq!(opened["reports"][0]["occurrences"]["count"], 1);
    local.end(Signal::INT).await;
}
