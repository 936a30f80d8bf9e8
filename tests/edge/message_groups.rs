//! Integration tests of `message-groups`.

use serde_json::{Value, json};

use crate::support::TestStack;

const PATH: &str = "/api/message_groups";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_latest_conversation_comes_first_and_shows_the_other_user() {
    let stack = TestStack::start().await;
    let (andrew, alt) = (stack.token("andrewbrown").await, stack.token("altbrown").await);
    for handle in ["londo", "altbrown"] {
        let body = json!({"message": format!("hello {handle}"), "handle": handle}).to_string();
        assert_eq!(stack.post("/api/messages", Some(&andrew), body).await.0, 200);
    }
    let (status, groups) = stack.get(PATH, Some(&andrew)).await;
    assert_eq!((status, &groups[0]["handle"], &groups[1]["handle"]), (200, &json!("altbrown"), &json!("londo")));
    // A new message moves the older conversation to the top.
    let body = json!({"message": "again", "message_group_uuid": groups[1]["uuid"]}).to_string();
    stack.post("/api/messages", Some(&andrew), body).await;
    let (_, after) = stack.get(PATH, Some(&andrew)).await;
    assert_eq!((&after[0]["handle"], &after[0]["message"]), (&json!("londo"), &json!("again")));
    let (_, of_alt) = stack.get(PATH, Some(&alt)).await;
    assert_eq!((&of_alt[0]["handle"], &of_alt[0]["uuid"]), (&json!("andrewbrown"), &groups[0]["uuid"]));
    assert_eq!(stack.sample("message-groups").await.0, 200);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_contain_every_conversation() {
    let stack = TestStack::start().await;
    let andrew = stack.token("andrewbrown").await;
    for handle in ["londo", "altbrown", "bayko"] {
        let body = json!({"message": "hello", "handle": handle}).to_string();
        stack.post("/api/messages", Some(&andrew), body).await;
    }
    let (mut found, mut path) = (Vec::<Value>::new(), Some(format!("{PATH}?limit=1")));
    while let Some(current) = path {
        let (page, next) = stack.page(&current, Some(&andrew)).await;
        found.extend(page.as_array().unwrap().iter().map(|group| group["handle"].clone()));
        path = next;
    }
    assert_eq!(found, ["bayko", "altbrown", "londo"]);
    assert_eq!(stack.get(PATH, None).await, (401, json!(["generic_401"])));
    stack.stop().await;
}
