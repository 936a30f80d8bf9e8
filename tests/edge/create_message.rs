//! Integration tests of `create-message`.

use serde_json::json;

use crate::support::TestStack;

const PATH: &str = "/api/messages";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_with_the_same_user_is_reused() {
    let stack = TestStack::start().await;
    let (andrew, londo) = (stack.token("andrewbrown").await, stack.token("londo").await);
    let group = stack.open_conversation(&andrew, "londo", "hello").await;
    assert_eq!(stack.open_conversation(&andrew, "@londo", "hello again").await, group);
    assert_eq!(stack.open_conversation(&londo, "andrewbrown", "and back").await, group);
    assert_eq!(stack.get("/api/message_groups", Some(&londo)).await.1.as_array().unwrap().len(), 1);
    let (status, started) = stack.sample("create-message").await;
    assert_eq!(status, 200, "{started}");
    assert!(started["message_group_uuid"].is_string() && started.as_object().unwrap().len() == 1, "{started}");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_users_who_write_to_each_other_at_once_share_one_conversation() {
    let stack = TestStack::start().await;
    let (andrew, londo) = (stack.token("andrewbrown").await, stack.token("londo").await);
    let (first, second) = tokio::join!(
        stack.open_conversation(&andrew, "londo", "from andrew"),
        stack.open_conversation(&londo, "andrewbrown", "from londo"),
    );
    assert_eq!(first, second);
    assert_eq!(stack.get(&format!("{PATH}/{first}"), Some(&andrew)).await.1.as_array().unwrap().len(), 2);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_added_message_has_its_own_id_and_no_group() {
    let stack = TestStack::start().await;
    let andrew = stack.token("andrewbrown").await;
    let group = stack.open_conversation(&andrew, "londo", "hello").await;
    let body = json!({"message": "more \u{0} 🦀", "message_group_uuid": group, "handle": "ignored"}).to_string();
    let (status, message) = stack.post(PATH, Some(&andrew), body).await;
    assert_eq!((status, &message["message"]), (200, &json!("more \u{0} 🦀")));
    assert!(message.get("message_group_uuid").is_none());
    let (_, listed) = stack.get(&format!("{PATH}/{group}"), Some(&andrew)).await;
    assert_eq!(listed[1], message);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_message_is_answered_with_its_error_code() {
    let stack = TestStack::start().await;
    let (andrew, bayko) = (stack.token("andrewbrown").await, stack.token("bayko").await);
    let group = stack.open_conversation(&andrew, "londo", "hello").await;
    let long = "x".repeat(1025);
    let table = [
        (json!({"handle": "londo"}), 422, "message_blank"),
        (json!({"message": "", "handle": "londo"}), 422, "message_blank"),
        (json!({"message": long, "handle": "londo"}), 422, "message_exceed_max_chars_1024"),
        (json!({"message": "hi"}), 422, "user_reciever_handle_blank"),
        (json!({"message": "hi", "handle": "nobody"}), 422, "user_reciever_handle_blank"),
        (json!({"message": "hi", "handle": "andrewbrown"}), 422, "user_reciever_handle_blank"),
        (json!({"message": "hi", "message_group_uuid": ""}), 422, "message_group_uuid_blank"),
        (json!({"message": "hi", "message_group_uuid": "5ae290ed-55d1-47a0-bc6d-fe2bc2700300"}), 403, "generic_403"),
        (json!({"message": "hi", "message_group_uuid": "x"}), 404, "not_found"),
    ];
    for (body, status, code) in table {
        assert_eq!(stack.post(PATH, Some(&andrew), body.to_string()).await, (status, json!([code])), "{body}");
    }
    let body = json!({"message": "let me in", "message_group_uuid": group}).to_string();
    assert_eq!(stack.post(PATH, Some(&bayko), body.clone()).await, (403, json!(["generic_403"])));
    assert_eq!(stack.post(PATH, None, body).await, (401, json!(["generic_401"])));
    assert_eq!(stack.get(&format!("{PATH}/{group}"), Some(&andrew)).await.1.as_array().unwrap().len(), 1);
    stack.stop().await;
}
