//! Integration tests of `home-activities`.

use serde_json::{Value, json};

use crate::support::TestStack;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_post_is_first_in_the_feed_and_the_greeting_is_logged() {
    let stack = TestStack::start().await;
    let token = stack.token("andrewbrown").await;
    let post = stack.post_activity(&token, "Hello, world!").await;
    let response = stack.request(reqwest::Method::GET, "/api/activities/home").send().await.unwrap();
    let trace = response.headers()["x-amzn-trace-id"].to_str().unwrap().trim_start_matches("Root=").to_owned();
    let feed: Value = response.json().await.unwrap();
    assert_eq!(feed[0], post);
    // The line that the course shows, with its two spaces, and the access line.
    let lines = stack.logs(&trace).await;
    assert_eq!(lines[0]["message"], "Hello Cloudwatch! from  /api/activities/home");
    assert_eq!(lines[1]["http.response.status_code"], 200);
    assert_eq!(stack.sample("home-activities").await.1[0], post);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_contain_every_post_once() {
    let stack = TestStack::start().await;
    let token = stack.token("londo").await;
    let mut posted = Vec::new();
    for number in 0..7 {
        posted.push(stack.post_activity(&token, &format!("number {number}")).await["uuid"].clone());
    }
    let mut found = Vec::new();
    let mut path = Some("/api/activities/home?limit=3".to_owned());
    while let Some(current) = path {
        let (page, next) = stack.page(&current, None).await;
        assert!(page.as_array().unwrap().len() <= 3);
        found.extend(page.as_array().unwrap().iter().map(|activity| activity["uuid"].clone()));
        path = next;
    }
    posted.reverse();
    assert_eq!(found[..7], posted[..]);
    let mut unique = found.clone();
    unique.sort_by_key(Value::to_string);
    unique.dedup();
    assert_eq!(unique.len(), found.len(), "a post came twice");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_are_not_in_the_feed_and_an_invalid_token_is_ignored() {
    let stack = TestStack::start().await;
    let token = stack.token("bayko").await;
    let post = stack.post_activity(&token, "a post").await;
    stack.post_reply(&token, &post, "a reply").await;
    let (status, feed) = stack.get("/api/activities/home", Some("null")).await;
    assert_eq!(status, 200);
    assert!(feed.as_array().unwrap().iter().all(|activity| activity["message"] != "a reply"));
    assert_eq!(feed[0]["replies_count"], 1);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_limit_or_cursor_is_answered_with_its_error_code() {
    let stack = TestStack::start().await;
    for limit in ["0", "101", "-1", "x", "", "1.5"] {
        assert_eq!(
            stack.get(&format!("/api/activities/home?limit={limit}"), None).await,
            (422, json!(["limit_invalid"])),
            "{limit}"
        );
    }
    for cursor in ["", "x", "YQ", "%00", "bbbbbbbbbbbbbbbbbbbbbbb", "m0190a5d6"] {
        assert_eq!(
            stack.get(&format!("/api/activities/home?before={cursor}"), None).await,
            (422, json!(["before_invalid"])),
            "{cursor}"
        );
    }
    // The last value of a repeated key counts, as in API Gateway's map of single values.
    assert_eq!(stack.get("/api/activities/home?limit=1&limit=0", None).await.0, 422);
    assert_eq!(stack.get("/api/activities/home?limit=0&limit=1", None).await.0, 200);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_keeps_the_stage_of_the_request() {
    let stack = TestStack::start().await;
    for base in ["", "/local"] {
        let (_, next) = stack.page(&format!("{base}/api/activities/home?limit=1"), None).await;
        let next = next.unwrap();
        assert!(next.starts_with(&format!("{base}/api/activities/home?limit=1&before=")), "{next}");
        assert_eq!(stack.page(&next, None).await.0.as_array().unwrap().len(), 1);
    }
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_http_api_event_of_cargo_lambda_is_answered() {
    let stack = TestStack::start().await;
    let event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/api/activities/home", "rawQueryString": "limit=1",
        "headers": {"host": "127.0.0.1:9000", "accept": "*/*"}, "queryStringParameters": {"limit": "1"},
        "requestContext": {
            "accountId": "123456789012", "apiId": "crudder", "domainName": "localhost", "domainPrefix": "localhost",
            "http": {"method": "GET", "path": "/api/activities/home", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "curl"},
            "requestId": "7f9f2c1e", "routeKey": "$default", "stage": "$default", "time": "22/Nov/2026:10:00:00 +0000",
            "timeEpoch": 1_795_341_600_000_u64,
        },
        "isBase64Encoded": false,
    });
    let (status, feed) = stack.invoke("home-activities", &event).await;
    assert_eq!((status, feed.as_array().map(Vec::len)), (200, Some(1)), "{feed}");
    // No authorizer has checked the token, so the event has no caller.
    let mut posted = event.clone();
    posted["requestContext"]["http"]["method"] = json!("POST");
    posted["headers"]["authorization"] = json!("Bearer unchecked");
    posted["body"] = json!(r#"{"message":"m","ttl":"1-day"}"#);
    assert_eq!(stack.invoke("create-activity", &posted).await, (401, json!(["generic_401"])));
    stack.stop().await;
}
