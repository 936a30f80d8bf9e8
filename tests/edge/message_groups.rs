//! `message-groups` at its edge.

use serde_json::{Value, json};

use crate::support::World;

const PATH: &str = "/api/message_groups";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_latest_conversation_comes_first_and_shows_the_other() {
    let world = World::start().await;
    let (andrew, alt) = (world.token("andrewbrown").await, world.token("altbrown").await);
    for handle in ["londo", "altbrown"] {
        let body = json!({"message": format!("hello {handle}"), "handle": handle}).to_string();
        assert_eq!(world.post("/api/messages", Some(&andrew), body).await.0, 200);
    }
    let (status, groups) = world.get(PATH, Some(&andrew)).await;
    assert_eq!((status, &groups[0]["handle"], &groups[1]["handle"]), (200, &json!("altbrown"), &json!("londo")));
    // A word to the older one brings it to the top, with that word.
    let body = json!({"message": "again", "message_group_uuid": groups[1]["uuid"]}).to_string();
    world.post("/api/messages", Some(&andrew), body).await;
    let (_, after) = world.get(PATH, Some(&andrew)).await;
    assert_eq!((&after[0]["handle"], &after[0]["message"]), (&json!("londo"), &json!("again")));
    let (_, theirs) = world.get(PATH, Some(&alt)).await;
    assert_eq!((&theirs[0]["handle"], &theirs[0]["uuid"]), (&json!("andrewbrown"), &groups[0]["uuid"]));
    assert_eq!(world.sample("message-groups").await.0, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_lead_through_all_conversations() {
    let world = World::start().await;
    let andrew = world.token("andrewbrown").await;
    for handle in ["londo", "altbrown", "bayko"] {
        let body = json!({"message": "hello", "handle": handle}).to_string();
        world.post("/api/messages", Some(&andrew), body).await;
    }
    let (mut found, mut path) = (Vec::<Value>::new(), Some(format!("{PATH}?limit=1")));
    while let Some(here) = path {
        let (page, next) = world.page(&here, Some(&andrew)).await;
        found.extend(page.as_array().unwrap().iter().map(|group| group["handle"].clone()));
        path = next;
    }
    assert_eq!(found, ["bayko", "altbrown", "londo"]);
    assert_eq!(world.get(PATH, None).await, (401, json!(["generic_401"])));
    world.stop().await;
}
