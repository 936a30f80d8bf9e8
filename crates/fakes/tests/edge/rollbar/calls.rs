//! Tokens, sizes, limits, paths: what is refused, and in which words.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crudder_fakes::{
    Calls, Fault, Plan, RetryAfter, Rollbar, RollbarConfig, RollbarToken, Scope, Secret, UnsupportedFault,
};
use serde_json::{Value, json};

use super::{post, rollbar, violations};
use crate::support::{Heard, call, item, now, rollbar_token};

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

async fn post_with(rollbar: &Rollbar, headers: &[(&str, &str)], body: &[u8]) -> Heard {
    let headers = [&[("content-type", "application/json")], headers].concat();
    call(rollbar.address(), "POST /api/1/item/", &headers, body).await
}

async fn post_by(rollbar: &Rollbar, token: &str, item: &Value) -> Heard {
    post_with(rollbar, &[("x-rollbar-access-token", token)], item.to_string().as_bytes()).await
}

fn told(heard: &Heard) -> (u16, String) {
    assert_eq!(heard.json()["err"], 1, "{heard:?}");
    (heard.status, heard.json()["message"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_call_without_a_token_is_refused() {
    let heard = post_with(&rollbar().await, &[], item("one").to_string().as_bytes()).await;
    assert_eq!(told(&heard), (401, "access token required".into()));
}

#[tokio::test]
async fn an_unknown_token_a_disabled_one_and_one_of_another_scope_are_refused() {
    let project = project().await;
    for (token, message) in [
        ("00000000000000000000000000000000", "invalid access token"),
        (OFF, "access token is disabled"),
        (READ, "insufficient privileges: wrong scope"),
        (CLIENT, "insufficient privileges: wrong scope"),
    ] {
        assert_eq!(told(&post_by(&project, token, &item("one")).await), (403, message.into()));
    }
    assert_eq!(project.with_store(|store| (store.item_count(), store.call_log().rejection_count())), (0, 4));
}

#[tokio::test]
async fn a_clients_token_posts_for_clients() {
    let mut item = item("one");
    item["data"]["platform"] = "browser".into();
    assert_eq!(post_by(&project().await, CLIENT, &item).await.status, 200);
}

#[tokio::test]
async fn a_token_in_the_body_is_taken_and_blotted_out() {
    let rollbar = rollbar().await;
    let mut item = item("one");
    item["access_token"] = rollbar_token().into();
    assert_eq!(post_with(&rollbar, &[], item.to_string().as_bytes()).await.status, 200);
    let raw = rollbar.with_store(|store| store.item("one").unwrap().raw.clone());
    assert!(raw.contains("…crud") && !raw.contains(&rollbar_token()), "{raw}");
    assert!(!format!("{rollbar:?}").contains(&rollbar_token()));
}

#[tokio::test]
async fn a_token_in_the_query_is_taken_and_complained_of() {
    let rollbar = rollbar().await;
    let line = format!("POST /api/1/item/?access_token={}", rollbar_token());
    let headers = [("content-type", "application/json")];
    let heard = call(rollbar.address(), &line, &headers, item("one").to_string().as_bytes()).await;
    assert_eq!((heard.status, rollbar.with_store(violations)), (200, vec!["token-in-query"]));
}

#[tokio::test]
async fn an_item_that_holds_its_own_token_is_complained_of_and_kept_without_it() {
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
    assert_eq!(told(&post(&rollbar, &large).await), (413, "request entity too large".into()));
    large["data"]["custom"]["note"] = "x".repeat(127 * 1024).into();
    assert_eq!(post(&rollbar, &large).await.status, 200);
}

#[tokio::test]
async fn what_is_no_json_is_refused() {
    let token = rollbar_token();
    let headers = [("x-rollbar-access-token", token.as_str())];
    for body in [&b"{\"data\":"[..], b"", b"\xff\xfe"] {
        assert_eq!(post_with(&rollbar().await, &headers, body).await.status, 400, "{body:?}");
    }
}

#[tokio::test]
async fn a_form_with_the_json_in_payload_is_taken() {
    let rollbar = rollbar().await;
    let body: String = item("one").to_string().bytes().map(|byte| format!("%{byte:02x}")).collect();
    let token = rollbar_token();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("x-rollbar-access-token", token.as_str())];
    let heard = call(rollbar.address(), "POST /api/1/item/", &headers, format!("payload={body}").as_bytes()).await;
    assert_eq!((heard.status, rollbar.with_store(|store| store.item_count())), (200, 1), "{heard:?}");
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
async fn every_answer_to_a_known_token_tells_the_limit() {
    let rollbar = rollbar().await;
    post(&rollbar, &item("one")).await;
    let heard = post(&rollbar, &item("two")).await;
    let told = ["limit", "remaining", "remaining-seconds", "reset"];
    let told = told.map(|name| heard.header(&format!("x-rate-limit-{name}")));
    assert_eq!(told, [Some("5000"), Some("4998"), Some("60"), Some("1790000060")]);
}

#[tokio::test]
async fn a_token_over_its_limit_is_throttled_without_retry_after() {
    fn later() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_790_000_000)
    }
    let config = RollbarConfig { calls_per_minute: 1, clock: later, ..RollbarConfig::default() };
    let rollbar = Rollbar::start(config).await.unwrap();
    post(&rollbar, &item("one")).await;
    let heard = post(&rollbar, &item("two")).await;
    assert_eq!((heard.status, heard.header("retry-after")), (429, None));
    assert_eq!(heard.header("x-rate-limit-remaining"), Some("0"));
    assert_eq!(rollbar.with_store(|store| store.item_count()), 1);
}

#[tokio::test]
async fn a_planned_throttling_tells_the_remaining_seconds_and_no_retry_after() {
    let rollbar = rollbar().await;
    rollbar.faults().inject_next(Fault::Throttled(RetryAfter::Seconds(9))).unwrap();
    let heard = post(&rollbar, &item("one")).await;
    assert_eq!((heard.status, heard.header("x-rate-limit-remaining-seconds")), (429, Some("9")));
    assert_eq!((heard.header("x-rate-limit-reset"), heard.header("retry-after")), (Some("1790000009"), None));
}

#[tokio::test]
async fn each_planned_answer_has_rollbars_shape() {
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
        assert_eq!(told(&post(&rollbar, &item("one")).await).0, status);
    }
}

#[tokio::test]
async fn a_poisoned_item_is_refused_and_others_pass() {
    let rollbar = rollbar().await;
    rollbar.faults().add(Plan::always(Fault::Poisoned { key: String::new(), value: "StoreError".into() })).unwrap();
    let mut other = item("two");
    other["data"]["body"] = json!({ "message": { "body": "hello" } });
    assert_eq!(post(&rollbar, &item("one")).await.status, 422);
    assert_eq!(post(&rollbar, &other).await.status, 200);
}

#[tokio::test]
async fn what_rollbar_cannot_do_is_not_planned() {
    let fault = Fault::PartialSuccess { rejected: 1, message: String::new() };
    let refused = rollbar().await.faults().inject_next(fault.clone());
    assert_eq!(refused, Err(UnsupportedFault { vendor: "Rollbar", fault }));
}

#[tokio::test]
async fn ping_needs_no_token() {
    let heard = call(rollbar().await.address(), "GET /api/1/status/ping", &[], b"").await;
    assert_eq!((heard.status, heard.text().as_str()), (200, "pong"));
}

#[tokio::test]
async fn the_project_is_told_to_a_read_token_only() {
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
async fn a_secret_tells_nothing_of_itself() {
    assert_eq!(format!("{:?}", Secret::new("aaaaaaaaaaaaaaaaaaaaaaaaaaaaread")), "Secret(…read)");
}

#[tokio::test]
async fn other_paths_are_not_found() {
    assert_eq!(told(&call(rollbar().await.address(), "GET /api/1/items", &[], b"").await).0, 404);
}
