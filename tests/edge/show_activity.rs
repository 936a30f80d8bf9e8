//! Integration tests of `show-activity`.

use serde_json::{Value, json};

use crate::support::TestStack;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_activity_is_shown_with_its_replies_newest_first() {
    let stack = TestStack::start().await;
    let token = stack.token("bayko").await;
    let post = stack.post_activity(&token, "a post").await;
    for number in 0..5 {
        stack.post_reply(&token, &post, &format!("reply {number}")).await;
    }
    let mut event = stack.event("show-activity");
    event["pathParameters"]["activity_uuid"] = post["uuid"].clone();
    let (status, page) = stack.invoke("show-activity", &event).await;
    assert_eq!((status, &page["activity"]["uuid"]), (200, &post["uuid"]));
    let found: Vec<&Value> = page["replies"].as_array().unwrap().iter().map(|reply| &reply["message"]).collect();
    assert_eq!(found, ["reply 4", "reply 3", "reply 2", "reply 1", "reply 0"]);

    let path = format!("/api/activities/@bayko/status/{}?limit=2", post["uuid"].as_str().unwrap());
    let (first, next) = stack.page(&path, None).await;
    let (second, _) = stack.page(&next.unwrap(), None).await;
    assert_eq!(first["replies"].as_array().unwrap().len(), 2);
    assert_eq!(second["replies"][0]["message"], "reply 2");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_activity_is_a_404() {
    let stack = TestStack::start().await;
    for uuid in [
        "0190a5d6-a000-7000-8000-00000000abcd",
        "68f126b0-1ceb-4a33-88be-d90fa7109eee",
        "x",
        "%F0%9F%A6%80",
        "%00",
        "..%2Fhome",
    ] {
        let response = stack.get(&format!("/api/activities/@bayko/status/{uuid}"), None).await;
        assert_eq!(response, (404, json!(["not_found"])), "{uuid}");
    }
    stack.stop().await;
}
