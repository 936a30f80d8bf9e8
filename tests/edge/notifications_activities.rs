//! `notifications-activities` at its edge.

use serde_json::json;

use crate::support::World;

const PATH: &str = "/api/activities/notifications";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tells_who_replied_and_who_wrote() {
    let world = World::start().await;
    let (andrew, alt) = (world.token("andrewbrown").await, world.token("altbrown").await);
    let known = world.get(PATH, Some(&andrew)).await.1.as_array().unwrap().len();
    let post = world.post_activity(&andrew, "a post").await;
    let reply = world.post_reply(&alt, &post, "a reply").await;
    world.post_reply(&andrew, &post, "talking to myself").await;
    let body = json!({"message": "a letter", "handle": "andrewbrown"}).to_string();
    let (_, started) = world.post("/api/messages", Some(&alt), body).await;

    let (status, told) = world.get(PATH, Some(&andrew)).await;
    let told = told.as_array().unwrap();
    assert_eq!((status, told.len()), (200, known + 2), "{told:?}");
    assert_eq!((&told[0]["kind"], &told[0]["message"]), (&json!("message"), &json!("a letter")));
    assert_eq!(told[0]["message_group_uuid"], started["message_group_uuid"]);
    assert_eq!((&told[1]["kind"], &told[1]["uuid"]), (&json!("reply"), &reply["uuid"]));
    assert_eq!(told[1]["actor"]["handle"], "altbrown");
    assert_eq!(world.sample("notifications-activities").await.0, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn are_the_callers_own() {
    let world = World::start().await;
    assert_eq!(world.get(PATH, None).await, (401, json!(["generic_401"])));
    assert_eq!(world.get(PATH, Some("null")).await, (401, json!(["generic_401"])));
    world.stop().await;
}
