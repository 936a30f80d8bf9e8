//! `update-profile` at its edge.

use serde_json::json;

use crate::support::World;

const PATH: &str = "/api/profile/update";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_name_and_bio_everywhere_a_profile_is_shown() {
    let world = World::start().await;
    let token = world.token("bayko").await;
    let body = json!({"display_name": "Bayko 🦀", "bio": "שלום"}).to_string();
    let (status, user) = world.post(PATH, Some(&token), body).await;
    assert_eq!((status, &user["display_name"], &user["handle"]), (200, &json!("Bayko 🦀"), &json!("bayko")));
    assert_eq!(world.get("/api/users/@bayko/short", None).await.1, user);
    let (_, page) = world.get("/api/activities/@bayko", None).await;
    assert_eq!((&page["profile"]["display_name"], &page["profile"]["bio"]), (&json!("Bayko 🦀"), &json!("שלום")));
    assert_eq!(world.sample("update-profile").await.0, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_profile_is_told() {
    let world = World::start().await;
    let token = world.token("bayko").await;
    let table = [
        (json!({}), "display_name_blank"),
        (json!({"display_name": null, "bio": "b"}), "display_name_blank"),
        (json!({"display_name": "x".repeat(129)}), "display_name_exceed_max_chars"),
        (json!({"display_name": "B", "bio": "x".repeat(1025)}), "bio_exceed_max_chars"),
    ];
    for (body, code) in table {
        assert_eq!(world.post(PATH, Some(&token), body.to_string()).await, (422, json!([code])), "{body}");
    }
    assert_eq!(world.post(PATH, None, "{}").await, (401, json!(["generic_401"])));
    world.stop().await;
}
