//! Integration tests of `create-reply`.

use serde_json::json;

use crate::support::TestStack;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_names_its_parent_and_increments_its_counter() {
    let stack = TestStack::start().await;
    let token = stack.token("andrewbrown").await;
    let post = stack.post_activity(&token, "a post").await;
    let mut event = stack.event("create-reply");
    event["pathParameters"]["id"] = post["uuid"].clone();
    let (status, reply) = stack.invoke("create-reply", &event).await;
    assert_eq!(status, 200, "{reply}");
    assert_eq!((&reply["reply_to_activity_uuid"], &reply["expires_at"]), (&post["uuid"], &json!(null)));
    // A reply to the reply is shown on the page of the reply.
    let second = stack.post_reply(&token, &reply, "and another").await;
    let (_, shown) =
        stack.get(&format!("/api/activities/@worf/status/{}", reply["uuid"].as_str().unwrap()), None).await;
    assert_eq!((&shown["activity"]["replies_count"], &shown["replies"][0]["uuid"]), (&json!(1), &second["uuid"]));
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_concurrent_replies_are_all_counted() {
    let stack = TestStack::start().await;
    let token = stack.token("andrewbrown").await;
    let post = stack.post_activity(&token, "ask me anything").await;
    let replies = (0..100).map(|number| {
        let (stack, token, post) = (&stack, &token, &post);
        async move { stack.post_reply(token, post, &format!("question {number}")).await }
    });
    futures::future::join_all(replies).await;
    let path = format!("/api/activities/@andrewbrown/status/{}?limit=100", post["uuid"].as_str().unwrap());
    let (_, shown) = stack.get(&path, None).await;
    assert_eq!(shown["activity"]["replies_count"], 100);
    assert_eq!(shown["replies"].as_array().unwrap().len(), 100);
    assert_eq!(stack.get("/api/activities/home", None).await.1[0]["replies_count"], 100);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_reply_is_answered_with_its_error_code() {
    let stack = TestStack::start().await;
    let token = stack.token("andrewbrown").await;
    let post = stack.post_activity(&token, "a post").await;
    let path = format!("/api/activities/{}/reply", post["uuid"].as_str().unwrap());
    let long = "x".repeat(1025);
    for (body, code) in [
        (json!({}), "message_blank"),
        (json!({"message": ""}), "message_blank"),
        (json!({"message": long}), "message_exceed_max_chars_1024"),
    ] {
        assert_eq!(stack.post(&path, Some(&token), body.to_string()).await, (422, json!([code])));
    }
    let body = json!({"message": "hi"}).to_string();
    for parent in [
        "0190a5d6-a000-7000-8000-00000000abcd",
        "not-a-uuid",
        "%00",
        "@andrewbrown",
        "68f126b0-1ceb-4a33-88be-d90fa7109eee",
    ] {
        let response = stack.post(&format!("/api/activities/{parent}/reply"), Some(&token), body.clone()).await;
        assert_eq!(response, (404, json!(["not_found"])), "{parent}");
    }
    assert_eq!(stack.post(&path, None, body).await, (401, json!(["generic_401"])));
    stack.stop().await;
}
