//! Integration tests of `users-short`.

use serde_json::json;

use crate::support::TestStack;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_response_has_three_fields() {
    let stack = TestStack::start().await;
    let (status, user) = stack.sample("users-short").await;
    assert_eq!((status, &user["handle"], &user["display_name"]), (200, &json!("andrewbrown"), &json!("Andrew Brown")));
    assert_eq!(user.as_object().unwrap().len(), 3);
    assert_eq!(stack.get("/api/users/%40andrewbrown/short", None).await.1, user);
    for handle in ["@nobody", "andrewbrown", "@", "%00"] {
        assert_eq!(
            stack.get(&format!("/api/users/{handle}/short"), None).await,
            (404, json!(["not_found"])),
            "{handle}"
        );
    }
    stack.stop().await;
}
