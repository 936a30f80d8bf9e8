//! Integration tests of `health-check`.

use serde_json::json;

use crate::support::TestStack;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_response_is_healthy_and_the_access_line_is_complete() {
    let stack = TestStack::start().await;
    assert_eq!(stack.sample("health-check").await, (200, json!({"success": true, "ver": 1})));
    let response = stack.request(reqwest::Method::GET, "/api/health-check").send().await.unwrap();
    let trace = response.headers()["x-amzn-trace-id"].to_str().unwrap().trim_start_matches("Root=").to_owned();
    let lines = stack.logs(&trace).await;
    let line = &lines[0];
    assert_eq!((&line["level"], &line["http.response.status_code"]), (&json!("INFO"), &json!(200)));
    assert_eq!((&line["http.request.method"], &line["url.path"]), (&json!("GET"), &json!("/api/health-check")));
    assert_eq!((&line["client.address"], &line["route"]), (&json!("127.0.0.1"), &json!("GET /api/health-check")));
    assert_eq!(line["xray_trace_id"], json!(trace));
    assert_eq!(line["trace_id"], json!(trace.replace('-', "")[1..]));
    assert!(line["requestId"].is_string() && line["span_id"].is_string() && line["duration_ms"].is_number());
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_path_or_method_is_a_404_and_reaches_no_function() {
    let stack = TestStack::start().await;
    for (method, path) in
        [("POST", "/api/health-check"), ("GET", "/api/health-checks"), ("DELETE", "/api/activities"), ("GET", "/")]
    {
        let response = stack.request(method.parse().unwrap(), path).send().await.unwrap();
        assert_eq!(response.status(), 404, "{method} {path}");
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        assert_eq!(response.json::<serde_json::Value>().await.unwrap(), json!(["not_found"]));
    }
    stack.stop().await;
}
