//! `users-short` at its edge.

use serde_json::json;

use crate::support::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_with_three_fields() {
    let world = World::start().await;
    let (status, user) = world.sample("users-short").await;
    assert_eq!((status, &user["handle"], &user["display_name"]), (200, &json!("andrewbrown"), &json!("Andrew Brown")));
    assert_eq!(user.as_object().unwrap().len(), 3);
    assert_eq!(world.get("/api/users/%40andrewbrown/short", None).await.1, user);
    for handle in ["@nobody", "andrewbrown", "@", "%00"] {
        assert_eq!(
            world.get(&format!("/api/users/{handle}/short"), None).await,
            (404, json!(["not_found"])),
            "{handle}"
        );
    }
    world.stop().await;
}
