//! Calls that Rollbar rejects by token, size, rate limit or path, and its messages.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crudder_fakes::{
    Calls, Fault, Plan, RetryAfter, Rollbar, RollbarConfig, RollbarToken, Scope, Secret, UnsupportedFault,
};
use crudder_testing::http::{RawResponse, call};
use serde_json::{Value, json};

use super::{post, rollbar, violations};
use crate::support::{item, now, rollbar_token};

const READ: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaread";
const CLIENT: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaclient";
const OFF: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaoff";

/// A project with a token of each kind.
async fn project() -> Rollbar {
    let tokens = vec![
        RollbarToken::local(),
        RollbarToken::new(READ, Scope::Read),
        RollbarToken::new(CLIENT, Scope::PostClientItem),
        RollbarToken { disabled: true, ..RollbarToken::new(OFF, Scope::PostServerItem) },
    ];
    Rollbar::start(RollbarConfig { tokens, clock: now, ..RollbarConfig::default() }).await.unwrap()
}

async fn post_with(rollbar: &Rollbar, headers: &[(&str, &str)], body: &[u8]) -> RawResponse {
    let headers = [&[("content-type", "application/json")], headers].concat();
    call(rollbar.address(), "POST /api/1/item/", &headers, body).await
}

async fn post_by(rollbar: &Rollbar, token: &str, item: &Value) -> RawResponse {
    post_with(rollbar, &[("x-rollbar-access-token", token)], item.to_string().as_bytes()).await
}

fn status_and_message(response: &RawResponse) -> (u16, String) {
    assert_eq!(response.json()["err"], 1, "{response:?}");
    (response.status, response.json()["message"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_call_without_a_token_is_rejected() {
    let response = post_with(&rollbar().await, &[], item("one").to_string().as_bytes()).await;
    assert_eq!(status_and_message(&response), (401, "access token required".into()));
}

#[tokio::test]
async fn unknown_and_disabled_tokens_and_other_scopes_are_rejected() {
    let project = project().await;
    for (token, message) in [
        ("00000000000000000000000000000000", "invalid access token"),
        (OFF, "access token is disabled"),
        (READ, "insufficient privileges: wrong scope"),
        (CLIENT, "insufficient privileges: wrong scope"),
    ] {
        assert_eq!(status_and_message(&post_by(&project, token, &item("one")).await), (403, message.into()));
    }
    assert_eq!(project.with_store(|store| (store.item_count(), store.call_log().rejection_count())), (0, 4));
}

#[tokio::test]
async fn a_client_token_posts_items_of_client_platforms() {
    let mut item = item("one");
    item["data"]["platform"] = "browser".into();
    assert_eq!(post_by(&project().await, CLIENT, &item).await.status, 200);
}

#[tokio::test]
async fn a_token_in_the_body_is_accepted_and_redacted() {
    let rollbar = rollbar().await;
    let mut item = item("one");
    item["access_token"] = rollbar_token().into();
    assert_eq!(post_with(&rollbar, &[], item.to_string().as_bytes()).await.status, 200);
    let raw = rollbar.with_store(|store| store.item("one").unwrap().raw.clone());
    assert!(raw.contains("…crud") && !raw.contains(&rollbar_token()), "{raw}");
    assert!(!format!("{rollbar:?}").contains(&rollbar_token()));
}

#[tokio::test]
async fn a_token_in_the_query_is_accepted_with_a_violation() {
    let rollbar = rollbar().await;
    let line = format!("POST /api/1/item/?access_token={}", rollbar_token());
    let headers = [("content-type", "application/json")];
    let response = call(rollbar.address(), &line, &headers, item("one").to_string().as_bytes()).await;
    assert_eq!((response.status, rollbar.with_store(violations)), (200, vec!["token-in-query"]));
}

#[tokio::test]
async fn an_item_that_contains_its_own_token_is_a_violation_and_redacted() {
    let rollbar = rollbar().await;
    let mut item = item("one");
    item["data"]["custom"]["note"] = rollbar_token().into();
    post(&rollbar, &item).await;
    assert_eq!(rollbar.with_store(violations), ["token-in-item"]);
    assert_eq!(rollbar.with_store(|store| store.item("one").unwrap().data["custom"]["note"].clone()), "…crud");
}

#[tokio::test]
async fn an_item_of_more_than_128_kb_is_too_large() {
    let rollbar = rollbar().await;
    let mut large = item("one");
    large["data"]["custom"]["note"] = "x".repeat(128 * 1024).into();
    assert_eq!(status_and_message(&post(&rollbar, &large).await), (413, "request entity too large".into()));
    large["data"]["custom"]["note"] = "x".repeat(127 * 1024).into();
    assert_eq!(post(&rollbar, &large).await.status, 200);
}

#[tokio::test]
async fn a_body_that_is_not_json_is_rejected() {
    let token = rollbar_token();
    let headers = [("x-rollbar-access-token", token.as_str())];
    for body in [&b"{\"data\":"[..], b"", b"\xff\xfe"] {
        assert_eq!(post_with(&rollbar().await, &headers, body).await.status, 400, "{body:?}");
    }
}

#[tokio::test]
async fn a_form_with_the_json_in_payload_is_accepted() {
    let rollbar = rollbar().await;
    let body: String = item("one").to_string().bytes().map(|byte| format!("%{byte:02x}")).collect();
    let token = rollbar_token();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("x-rollbar-access-token", token.as_str())];
    let response = call(rollbar.address(), "POST /api/1/item/", &headers, format!("payload={body}").as_bytes()).await;
    assert_eq!((response.status, rollbar.with_store(|store| store.item_count())), (200, 1), "{response:?}");
}

#[tokio::test]
async fn an_item_without_a_uuid_gets_one() {
    let rollbar = rollbar().await;
    let mut item = item("one");
    item["data"].as_object_mut().unwrap().remove("uuid");
    let uuid = post(&rollbar, &item).await.json()["result"]["uuid"].as_str().unwrap().to_owned();
    assert_eq!(uuid.len(), 36);
    assert!(rollbar.with_store(|store| store.item(&uuid).is_some()));
}

#[tokio::test]
async fn every_response_to_a_known_token_has_the_rate_limit_headers() {
    let rollbar = rollbar().await;
    post(&rollbar, &item("one")).await;
    let response = post(&rollbar, &item("two")).await;
    let names = ["limit", "remaining", "remaining-seconds", "reset"];
    let limits = names.map(|name| response.header(&format!("x-rate-limit-{name}")));
    assert_eq!(limits, [Some("5000"), Some("4998"), Some("60"), Some("1790000060")]);
}

#[tokio::test]
async fn a_token_over_its_limit_is_throttled_without_retry_after() {
    fn later() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_790_000_000)
    }
    let config = RollbarConfig { calls_per_minute: 1, clock: later, ..RollbarConfig::default() };
    let rollbar = Rollbar::start(config).await.unwrap();
    post(&rollbar, &item("one")).await;
    let response = post(&rollbar, &item("two")).await;
    assert_eq!((response.status, response.header("retry-after")), (429, None));
    assert_eq!(response.header("x-rate-limit-remaining"), Some("0"));
    assert_eq!(rollbar.with_store(|store| store.item_count()), 1);
}

#[tokio::test]
async fn an_injected_429_has_the_remaining_seconds_and_no_retry_after() {
    let rollbar = rollbar().await;
    rollbar.faults().inject_next(Fault::Throttled(RetryAfter::Seconds(9))).unwrap();
    let response = post(&rollbar, &item("one")).await;
    assert_eq!((response.status, response.header("x-rate-limit-remaining-seconds")), (429, Some("9")));
    assert_eq!((response.header("x-rate-limit-reset"), response.header("retry-after")), (Some("1790000009"), None));
}

#[tokio::test]
async fn each_injected_response_has_the_format_of_rollbar() {
    let rollbar = rollbar().await;
    for (fault, status) in [
        (Fault::Unauthorized, 401),
        (Fault::ForbiddenKey, 403),
        (Fault::TooLarge, 413),
        (Fault::ServerError, 500),
        (Fault::BadGateway, 502),
        (Fault::Unavailable(RetryAfter::Absent), 503),
        (Fault::GatewayTimeout, 504),
    ] {
        rollbar.faults().inject_next(fault).unwrap();
        assert_eq!(status_and_message(&post(&rollbar, &item("one")).await).0, status);
    }
}

#[tokio::test]
async fn a_poisoned_item_is_rejected_and_others_are_accepted() {
    let rollbar = rollbar().await;
    rollbar.faults().add(Plan::always(Fault::Poisoned { key: String::new(), value: "StoreError".into() })).unwrap();
    let mut other = item("two");
    other["data"]["body"] = json!({ "message": { "body": "hello" } });
    assert_eq!(post(&rollbar, &item("one")).await.status, 422);
    assert_eq!(post(&rollbar, &other).await.status, 200);
}

#[tokio::test]
async fn a_fault_that_rollbar_does_not_have_is_unsupported() {
    let fault = Fault::PartialSuccess { rejected: 1, message: String::new() };
    let error = rollbar().await.faults().inject_next(fault.clone());
    assert_eq!(error, Err(UnsupportedFault { vendor: "Rollbar", fault }));
}

#[tokio::test]
async fn ping_needs_no_token() {
    let response = call(rollbar().await.address(), "GET /api/1/status/ping", &[], b"").await;
    assert_eq!((response.status, response.text().as_str()), (200, "pong"));
}

#[tokio::test]
async fn the_project_needs_a_token_with_the_scope_read() {
    let project = project().await;
    let ask = async |token: &str| {
        call(project.address(), "GET /api/1/project", &[("x-rollbar-access-token", token)], b"").await
    };
    assert_eq!(ask(READ).await.json()["result"]["name"], "crudder");
    assert_eq!(ask(&rollbar_token()).await.status, 403);
    project.faults().add(Plan::times(1, Fault::ServerError).on(Calls::All)).unwrap();
    assert_eq!(ask(READ).await.status, 500);
}

#[tokio::test]
async fn a_secret_is_redacted_in_debug_output() {
    assert_eq!(format!("{:?}", Secret::new("aaaaaaaaaaaaaaaaaaaaaaaaaaaaread")), "Secret(…read)");
}

#[tokio::test]
async fn other_paths_are_not_found() {
    assert_eq!(status_and_message(&call(rollbar().await.address(), "GET /api/1/items", &[], b"").await).0, 404);
}
