//! Integration tests of `update-profile`.

use serde_json::json;

use crate::support::TestStack;

const PATH: &str = "/api/profile/update";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_name_and_bio_appear_everywhere() {
    let stack = TestStack::start().await;
    let token = stack.token("bayko").await;
    let body = json!({"display_name": "Bayko 🦀", "bio": "שלום"}).to_string();
    let (status, user) = stack.post(PATH, Some(&token), body).await;
    assert_eq!((status, &user["display_name"], &user["handle"]), (200, &json!("Bayko 🦀"), &json!("bayko")));
    assert_eq!(stack.get("/api/users/@bayko/short", None).await.1, user);
    let (_, page) = stack.get("/api/activities/@bayko", None).await;
    assert_eq!((&page["profile"]["display_name"], &page["profile"]["bio"]), (&json!("Bayko 🦀"), &json!("שלום")));
    assert_eq!(stack.sample("update-profile").await.0, 200);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_profile_is_answered_with_its_error_code() {
    let stack = TestStack::start().await;
    let token = stack.token("bayko").await;
    let table = [
        (json!({}), "display_name_blank"),
        (json!({"display_name": null, "bio": "b"}), "display_name_blank"),
        (json!({"display_name": "x".repeat(129)}), "display_name_exceed_max_chars"),
        (json!({"display_name": "B", "bio": "x".repeat(1025)}), "bio_exceed_max_chars"),
    ];
    for (body, code) in table {
        assert_eq!(stack.post(PATH, Some(&token), body.to_string()).await, (422, json!([code])), "{body}");
    }
    assert_eq!(stack.post(PATH, None, "{}").await, (401, json!(["generic_401"])));
    stack.stop().await;
}
