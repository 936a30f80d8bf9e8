//! Integration tests of `rollbar-test`: a warning, and every injected fault.

use serde_json::json;

use crate::support::TestStack;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_response_is_a_greeting_and_a_warning_is_logged() {
    let stack = TestStack::start().await;
    let response = stack.request(reqwest::Method::GET, "/rollbar/test").send().await.unwrap();
    let trace = response.headers()["x-amzn-trace-id"].to_str().unwrap().trim_start_matches("Root=").to_owned();
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert_eq!(response.text().await.unwrap(), "Hello World!");
    let lines = stack.logs(&trace).await;
    assert_eq!((&lines[0]["level"], &lines[0]["message"]), (&json!("WARN"), &json!("Hello World!")));
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_are_not_found_unless_enabled() {
    let stack = TestStack::start().await;
    for kind in ["error", "abort", "nonsense"] {
        assert_eq!(stack.get(&format!("/rollbar/test?kind={kind}"), None).await, (404, json!(["not_found"])), "{kind}");
    }
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_and_a_panic_are_answered_and_logged_once() {
    let stack = TestStack::with(&[("CRUDDER_FAULTS", "on")]).await;
    for (kind, message) in [("error", "an error on purpose"), ("panic", "a panic on purpose")] {
        let response = stack.request(reqwest::Method::GET, &format!("/rollbar/test?kind={kind}")).send().await.unwrap();
        let trace = response.headers()["x-amzn-trace-id"].to_str().unwrap().trim_start_matches("Root=").to_owned();
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        assert_eq!(response.status(), 500);
        assert_eq!(response.json::<serde_json::Value>().await.unwrap(), json!(["generic_500"]));
        let lines = stack.logs(&trace).await;
        let found: Vec<_> = lines.iter().filter(|line| line["message"].as_str().unwrap().contains(message)).collect();
        assert_eq!(found.len(), 1, "{lines:?}");
        assert_eq!(found[0]["level"], "ERROR");
        assert_eq!(lines.last().unwrap()["http.response.status_code"], 500);
    }
    // The process survives both.
    assert_eq!(stack.get("/rollbar/test?kind=nonsense", None).await, (422, json!(["kind_invalid"])));
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_that_dies_is_a_502_and_the_next_request_is_served() {
    let stack = TestStack::with(&[("CRUDDER_FAULTS", "on")]).await;
    for kind in ["abort", "exit"] {
        let (status, errors) = stack.get(&format!("/rollbar/test?kind={kind}"), None).await;
        assert_eq!(status, 502, "{kind}: {errors}");
        assert_eq!(errors.as_array().map(Vec::len), Some(1), "{errors}");
        assert_eq!(
            stack.request(reqwest::Method::GET, "/rollbar/test").send().await.unwrap().status(),
            200,
            "after {kind}"
        );
    }
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_that_passes_its_deadline_is_a_504() {
    let stack =
        TestStack::with_timeout("rollbar-test", std::time::Duration::from_secs(1), &[("CRUDDER_FAULTS", "on")]).await;
    let (status, errors) = stack.get("/rollbar/test?kind=timeout", None).await;
    assert_eq!((status, errors.as_array().map(Vec::len)), (504, Some(1)), "{errors}");
    assert_eq!(stack.request(reqwest::Method::GET, "/rollbar/test").send().await.unwrap().status(), 200);
    stack.stop().await;
}
