//! `create-reply` at its edge.

use serde_json::json;

use crate::support::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_names_its_parent_and_raises_its_counter() {
    let world = World::start().await;
    let token = world.token("andrewbrown").await;
    let post = world.post_activity(&token, "a post").await;
    let mut event = world.event("create-reply");
    event["pathParameters"]["id"] = post["uuid"].clone();
    let (status, reply) = world.invoke("create-reply", &event).await;
    assert_eq!(status, 200, "{reply}");
    assert_eq!((&reply["reply_to_activity_uuid"], &reply["expires_at"]), (&post["uuid"], &json!(null)));
    // A reply to the reply, whose own page shows it.
    let second = world.post_reply(&token, &reply, "and another").await;
    let (_, shown) =
        world.get(&format!("/api/activities/@worf/status/{}", reply["uuid"].as_str().unwrap()), None).await;
    assert_eq!((&shown["activity"]["replies_count"], &shown["replies"][0]["uuid"]), (&json!(1), &second["uuid"]));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_replies_at_once_are_a_hundred_on_the_counter() {
    let world = World::start().await;
    let token = world.token("andrewbrown").await;
    let post = world.post_activity(&token, "ask me anything").await;
    let replies = (0..100).map(|number| {
        let (world, token, post) = (&world, &token, &post);
        async move { world.post_reply(token, post, &format!("question {number}")).await }
    });
    futures::future::join_all(replies).await;
    let path = format!("/api/activities/@andrewbrown/status/{}?limit=100", post["uuid"].as_str().unwrap());
    let (_, shown) = world.get(&path, None).await;
    assert_eq!(shown["activity"]["replies_count"], 100);
    assert_eq!(shown["replies"].as_array().unwrap().len(), 100);
    assert_eq!(world.get("/api/activities/home", None).await.1[0]["replies_count"], 100);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_reply_is_told() {
    let world = World::start().await;
    let token = world.token("andrewbrown").await;
    let post = world.post_activity(&token, "a post").await;
    let path = format!("/api/activities/{}/reply", post["uuid"].as_str().unwrap());
    let long = "x".repeat(1025);
    for (body, code) in [
        (json!({}), "message_blank"),
        (json!({"message": ""}), "message_blank"),
        (json!({"message": long}), "message_exceed_max_chars_1024"),
    ] {
        assert_eq!(world.post(&path, Some(&token), body.to_string()).await, (422, json!([code])));
    }
    let body = json!({"message": "hi"}).to_string();
    for parent in [
        "0190a5d6-a000-7000-8000-00000000abcd",
        "not-a-uuid",
        "%00",
        "@andrewbrown",
        "68f126b0-1ceb-4a33-88be-d90fa7109eee",
    ] {
        let answer = world.post(&format!("/api/activities/{parent}/reply"), Some(&token), body.clone()).await;
        assert_eq!(answer, (404, json!(["not_found"])), "{parent}");
    }
    assert_eq!(world.post(&path, None, body).await, (401, json!(["generic_401"])));
    world.stop().await;
}
