//! The response of a function reaches the client, and a failed function is a 502 or a 504.

use std::time::Duration;

use crudder_emulator::EmulatorEvent;
use crudder_local::Limits;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::support::{Response, TEMPLATE, TestApi};

/// Sends a request to which the stub responds with `payload`.
async fn respond_with(api: &TestApi, payload: &Value, headers: &[(&str, &str)]) -> Response {
    let payload = utf8_percent_encode(&payload.to_string(), NON_ALPHANUMERIC).to_string();
    api.request("GET", &format!("/api/things/1?do=respond&response={payload}"), headers, b"").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_reaches_the_client_as_the_function_returned_it() {
    let api = TestApi::start().await;
    let payload = json!({
        "statusCode": 422, "body": "[\"message_blank\"]", "headers": {"X-One": "1"}, "multiValueHeaders": {"Set-Cookie": ["a", "b"]},
    });
    let response = respond_with(&api, &payload, &[]).await;
    assert_eq!((response.status, response.text()), (422, r#"["message_blank"]"#));
    assert_eq!(response.headers("set-cookie"), ["a", "b"]);
    assert_eq!((response.header("x-one"), response.header("content-type")), (Some("1"), Some("application/json")));
    assert!(response.header("x-amzn-trace-id").is_some());
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_binary_body_is_decoded_only_for_a_client_that_accepts_a_listed_type() {
    let api = TestApi::start().await;
    let payload = json!({"statusCode": 200, "body": "//4=", "isBase64Encoded": true});
    assert_eq!(respond_with(&api, &payload, &[("Accept", "image/png,*/*")]).await.body, b"\xff\xfe");
    assert_eq!(respond_with(&api, &payload, &[("Accept", "*/*")]).await.body, b"//4=");
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_proxy_response_is_a_502() {
    let api = TestApi::start().await;
    for payload in [json!("hello"), json!({"message": "hello"}), json!({"statusCode": 200, "body": {}}), json!(null)] {
        assert_eq!(respond_with(&api, &payload, &[]).await.gateway_error(), (502, r#"["generic_500"]"#), "{payload}");
    }
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_fails_is_a_502() {
    let api = TestApi::start().await;
    assert_eq!(api.get("/api/things/1?do=fail").await.gateway_error(), (502, r#"["generic_500"]"#));
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_dies_is_a_502_and_the_next_request_has_a_new_process() {
    let api = TestApi::start().await;
    let first = api.get("/api/things/1").await.json()["pid"].clone();
    assert_eq!(api.get("/api/things/1?do=exit").await.gateway_error(), (502, r#"["generic_500"]"#));
    let next = api.get("/api/things/1").await;
    assert_eq!(next.status, 200);
    assert_ne!(next.json()["pid"], first);
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_above_lambdas_limit_is_a_502() {
    let api = TestApi::start().await;
    assert_eq!(api.get("/api/things/1?do=large").await.gateway_error(), (502, r#"["generic_500"]"#));
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_exceeds_its_timeout_is_a_504() {
    let api = TestApi::start().await;
    assert_eq!(api.get("/api/brief?do=hang").await.gateway_error(), (504, r#"["generic_504"]"#));
    assert_eq!(api.get("/api/brief").await.status, 200);
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_exceeds_the_gateways_timeout_is_a_504() {
    let limits = Limits { integration_timeout: Duration::from_millis(300), ..Limits::default() };
    let api = TestApi::start_with(TEMPLATE, limits, |_| ()).await;
    assert_eq!(api.get("/api/things/1?do=hang").await.gateway_error(), (504, r#"["generic_504"]"#));
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invocation_beyond_the_concurrency_limit_is_a_429() {
    let api = TestApi::start_with(TEMPLATE, Limits::default(), |config| config.environments_per_function = 1).await;
    let mut events = api.emulator.subscribe();
    let busy = async { api.get("/api/brief?do=hang").await };
    let second = async {
        while !matches!(events.next().await, Some(EmulatorEvent::InvocationStarted { .. })) {}
        api.get("/api/brief").await
    };
    let (first, second) = tokio::join!(busy, second);
    assert_eq!(second.gateway_error(), (429, r#"["too_many_requests"]"#));
    assert_eq!(first.status, 504);
    api.close().await;
}
