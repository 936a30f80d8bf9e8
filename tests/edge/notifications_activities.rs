//! Integration tests of `notifications-activities`.

use serde_json::json;

use crate::support::TestStack;

const PATH: &str = "/api/activities/notifications";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_and_messages_of_other_users_are_listed() {
    let stack = TestStack::start().await;
    let (andrew, alt) = (stack.token("andrewbrown").await, stack.token("altbrown").await);
    let before = stack.get(PATH, Some(&andrew)).await.1.as_array().unwrap().len();
    let post = stack.post_activity(&andrew, "a post").await;
    let reply = stack.post_reply(&alt, &post, "a reply").await;
    stack.post_reply(&andrew, &post, "talking to myself").await;
    let body = json!({"message": "a letter", "handle": "andrewbrown"}).to_string();
    let (_, started) = stack.post("/api/messages", Some(&alt), body).await;

    let (status, list) = stack.get(PATH, Some(&andrew)).await;
    let list = list.as_array().unwrap();
    assert_eq!((status, list.len()), (200, before + 2), "{list:?}");
    assert_eq!((&list[0]["kind"], &list[0]["message"]), (&json!("message"), &json!("a letter")));
    assert_eq!(list[0]["message_group_uuid"], started["message_group_uuid"]);
    assert_eq!((&list[1]["kind"], &list[1]["uuid"]), (&json!("reply"), &reply["uuid"]));
    assert_eq!(list[1]["actor"]["handle"], "altbrown");
    assert_eq!(stack.sample("notifications-activities").await.0, 200);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_without_a_valid_token_is_refused() {
    let stack = TestStack::start().await;
    assert_eq!(stack.get(PATH, None).await, (401, json!(["generic_401"])));
    assert_eq!(stack.get(PATH, Some("null")).await, (401, json!(["generic_401"])));
    stack.stop().await;
}
