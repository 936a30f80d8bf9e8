//! Integration tests of `search-activities`.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use serde_json::{Value, json};

use crate::support::TestStack;

/// Returns the messages of a list of activities.
fn messages(found: &Value) -> Vec<&str> {
    found.as_array().unwrap().iter().map(|activity| activity["message"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_that_contain_all_words_are_found_newest_first() {
    let stack = TestStack::start().await;
    let token = stack.token("andrewbrown").await;
    let first = stack.post_activity(&token, "The Cloud is fun").await;
    stack.post_activity(&token, "The sea is wide").await;
    stack.post_activity(&token, "clouds over the sea, and a cloud").await;
    stack.post_reply(&token, &first, "a cloud in a reply").await;
    for (term, expected) in [
        ("cloud", &["clouds over the sea, and a cloud", "The Cloud is fun"][..]),
        ("CLOUD%20fun", &["The Cloud is fun"]),
        ("sea+the", &["clouds over the sea, and a cloud", "The sea is wide"]),
        ("nothing-like-it", &[]),
    ] {
        let (status, found) = stack.get(&format!("/api/activities/search?term={term}"), None).await;
        assert_eq!((status, messages(&found)), (200, expected.to_vec()), "{term}");
    }
    // The counters are current.
    assert_eq!(stack.get("/api/activities/search?term=fun", None).await.1[0]["replies_count"], 1);
    assert_eq!(stack.sample("search-activities").await.0, 200);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_keep_the_search_term() {
    let stack = TestStack::start().await;
    let token = stack.token("bayko").await;
    for number in 0..5 {
        stack.post_activity(&token, &format!("Zathras {number} & friends")).await;
    }
    let (mut found, mut path) = (Vec::new(), Some("/api/activities/search?term=zathras%20friends&limit=2".to_owned()));
    while let Some(current) = path {
        let (page, next) = stack.page(&current, None).await;
        found.extend(messages(&page).into_iter().map(str::to_owned));
        path = next;
    }
    assert_eq!(
        found,
        [
            "Zathras 4 & friends",
            "Zathras 3 & friends",
            "Zathras 2 & friends",
            "Zathras 1 & friends",
            "Zathras 0 & friends"
        ]
    );
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_without_a_term_is_refused_and_an_odd_term_is_no_server_error() {
    let stack = TestStack::start().await;
    for path in ["/api/activities/search", "/api/activities/search?term=", "/api/activities/search?other=x"] {
        assert_eq!(stack.get(path, None).await, (422, json!(["search_term_blank"])), "{path}");
    }
    for term in ["%00", "%F0%9F%A6%80", "%E2%80%AE", "%22%27%3B--", &"word+".repeat(500)] {
        let (status, _) = stack.get(&format!("/api/activities/search?term={term}"), None).await;
        assert!([200, 422].contains(&status), "{term}: {status}");
    }
    stack.stop().await;
}
