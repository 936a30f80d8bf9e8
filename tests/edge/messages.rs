//! Integration tests of `messages`.

use serde_json::{Value, json};

use crate::support::TestStack;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_holds_the_newest_messages_oldest_first() {
    let stack = TestStack::start().await;
    let (andrew, londo) = (stack.token("andrewbrown").await, stack.token("londo").await);
    let group = stack.open_conversation(&andrew, "londo", "number 0").await;
    for number in 1..6 {
        let sender = if number % 2 == 0 { &andrew } else { &londo };
        let body = json!({"message": format!("number {number}"), "message_group_uuid": group}).to_string();
        assert_eq!(stack.post("/api/messages", Some(sender), body).await.0, 200);
    }
    let texts = |page: &Value| -> Vec<String> {
        page.as_array().unwrap().iter().map(|message| message["message"].as_str().unwrap().to_owned()).collect()
    };
    let (first, next) = stack.page(&format!("/api/messages/{group}?limit=4"), Some(&londo)).await;
    assert_eq!(texts(&first), ["number 2", "number 3", "number 4", "number 5"]);
    assert_eq!((&first[0]["handle"], &first[1]["handle"]), (&json!("andrewbrown"), &json!("londo")));
    let (second, next) = stack.page(&next.unwrap(), Some(&londo)).await;
    assert_eq!(texts(&second), ["number 0", "number 1"]);
    assert_eq!(next, None);
    let mut event = stack.event("messages");
    event["pathParameters"]["id"] = json!(group);
    assert_eq!(texts(&stack.invoke("messages", &event).await.1).len(), 6);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_members_read_a_conversation() {
    let stack = TestStack::start().await;
    let (andrew, bayko) = (stack.token("andrewbrown").await, stack.token("bayko").await);
    let group = stack.open_conversation(&andrew, "londo", "between us").await;
    let path = format!("/api/messages/{group}");
    assert_eq!(stack.get(&path, Some(&bayko)).await, (403, json!(["generic_403"])));
    assert_eq!(stack.get(&path, None).await, (401, json!(["generic_401"])));
    // An unknown conversation has the same response as one of other users. IDs can be computed, so
    // a difference would disclose who talks to whom.
    let unknown = "/api/messages/5ae290ed-55d1-47a0-bc6d-fe2bc2700300";
    assert_eq!(stack.get(unknown, Some(&bayko)).await, (403, json!(["generic_403"])));
    for unknown in ["not-a-uuid", "@andrewbrown", "%00"] {
        let response = stack.get(&format!("/api/messages/{unknown}"), Some(&andrew)).await;
        assert_eq!(response, (404, json!(["not_found"])), "{unknown}");
    }
    assert_eq!(stack.get(&format!("{path}?before=YQ"), Some(&andrew)).await, (422, json!(["before_invalid"])));
    stack.stop().await;
}
