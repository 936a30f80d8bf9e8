//! Integration tests of `user-activities`.

use serde_json::json;

use crate::support::TestStack;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_profile_is_shown_with_posts_and_replies() {
    let stack = TestStack::start().await;
    let token = stack.token("andrewbrown").await;
    let before = stack.sample("user-activities").await.1["profile"]["cruds_count"].as_u64().unwrap();
    let post = stack.post_activity(&token, "a post").await;
    let reply = stack.post_reply(&token, &post, "a reply").await;
    // The `@` may be raw or percent-encoded, and upper and lower case are equal.
    for handle in ["@andrewbrown", "%40andrewbrown", "@AndrewBrown"] {
        let (status, page) = stack.get(&format!("/api/activities/{handle}"), None).await;
        assert_eq!((status, &page["profile"]["handle"]), (200, &json!("andrewbrown")), "{handle}");
        assert_eq!(page["profile"]["cruds_count"], before + 2);
        assert_eq!((&page["activities"][0]["uuid"], &page["activities"][1]["uuid"]), (&reply["uuid"], &post["uuid"]));
        assert_eq!(page["activities"][1]["replies_count"], 1);
    }
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_keep_the_handle_in_their_links() {
    let stack = TestStack::start().await;
    let token = stack.token("londo").await;
    for number in 0..4 {
        stack.post_activity(&token, &format!("number {number}")).await;
    }
    let (first, next) = stack.page("/api/activities/@londo?limit=3", None).await;
    let next = next.unwrap();
    assert!(next.starts_with("/api/activities/@londo?limit=3&before="), "{next}");
    let (second, _) = stack.page(&next, None).await;
    assert_eq!(
        (&first["activities"][2]["message"], &second["activities"][0]["message"]),
        (&json!("number 1"), &json!("number 0"))
    );
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_or_impossible_handle_is_a_404() {
    let stack = TestStack::start().await;
    for handle in [
        "@nobody",
        "andrewbrown",
        "@",
        "@a%2Fb",
        "@%00",
        &format!("@{}", "x".repeat(200)),
        "0190a5d6-a000-7000-8000-00000000abcd",
    ] {
        assert_eq!(
            stack.get(&format!("/api/activities/{handle}"), None).await,
            (404, json!(["not_found"])),
            "{handle}"
        );
    }
    stack.stop().await;
}
