//! `create-message` at its edge.

use serde_json::json;

use crate::support::World;

const PATH: &str = "/api/messages";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_with_the_same_person_is_found_again() {
    let world = World::start().await;
    let (andrew, londo) = (world.token("andrewbrown").await, world.token("londo").await);
    let group = world.open_conversation(&andrew, "londo", "hello").await;
    assert_eq!(world.open_conversation(&andrew, "@londo", "hello again").await, group);
    assert_eq!(world.open_conversation(&londo, "andrewbrown", "and back").await, group);
    assert_eq!(world.get("/api/message_groups", Some(&londo)).await.1.as_array().unwrap().len(), 1);
    let (status, started) = world.sample("create-message").await;
    assert_eq!(status, 200, "{started}");
    assert!(started["message_group_uuid"].is_string() && started.as_object().unwrap().len() == 1, "{started}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_write_to_each_other_at_once_share_one_conversation() {
    let world = World::start().await;
    let (andrew, londo) = (world.token("andrewbrown").await, world.token("londo").await);
    let (one, other) = tokio::join!(
        world.open_conversation(&andrew, "londo", "from andrew"),
        world.open_conversation(&londo, "andrewbrown", "from londo"),
    );
    assert_eq!(one, other);
    assert_eq!(world.get(&format!("{PATH}/{one}"), Some(&andrew)).await.1.as_array().unwrap().len(), 2);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_added_message_has_an_id_of_its_own_and_no_group() {
    let world = World::start().await;
    let andrew = world.token("andrewbrown").await;
    let group = world.open_conversation(&andrew, "londo", "hello").await;
    let body = json!({"message": "more \u{0} 🦀", "message_group_uuid": group, "handle": "ignored"}).to_string();
    let (status, message) = world.post(PATH, Some(&andrew), body).await;
    assert_eq!((status, &message["message"]), (200, &json!("more \u{0} 🦀")));
    assert!(message.get("message_group_uuid").is_none());
    let (_, listed) = world.get(&format!("{PATH}/{group}"), Some(&andrew)).await;
    assert_eq!(listed[1], message);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_message_is_told() {
    let world = World::start().await;
    let (andrew, bayko) = (world.token("andrewbrown").await, world.token("bayko").await);
    let group = world.open_conversation(&andrew, "londo", "hello").await;
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
        assert_eq!(world.post(PATH, Some(&andrew), body.to_string()).await, (status, json!([code])), "{body}");
    }
    let body = json!({"message": "let me in", "message_group_uuid": group}).to_string();
    assert_eq!(world.post(PATH, Some(&bayko), body.clone()).await, (403, json!(["generic_403"])));
    assert_eq!(world.post(PATH, None, body).await, (401, json!(["generic_401"])));
    assert_eq!(world.get(&format!("{PATH}/{group}"), Some(&andrew)).await.1.as_array().unwrap().len(), 1);
    world.stop().await;
}
