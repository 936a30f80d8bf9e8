//! Integration tests of `post-confirmation`: it returns Cognito's event and creates a user.

use serde_json::{Value, json};

use crate::support::TestStack;

/// Returns the sample event for another user.
fn sign_up(stack: &TestStack, sub: &str, name: &str, preferred: &str) -> Value {
    let mut event = stack.event("post-confirmation");
    let attributes = &mut event["request"]["userAttributes"];
    attributes["sub"] = json!(sub);
    attributes["name"] = json!(name);
    attributes["preferred_username"] = json!(preferred);
    event
}

const ONE: &str = "aaaa1111-0000-4000-8000-000000000001";
const OTHER: &str = "bbbb2222-0000-4000-8000-000000000002";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmed_sign_up_creates_a_user_and_returns_the_event() {
    let stack = TestStack::start().await;
    let event = sign_up(&stack, ONE, "Delenn", "delenn");
    // Cognito may send an event twice. The second one changes nothing.
    for _ in 0..2 {
        assert_eq!(stack.invoke_raw("post-confirmation", &event).await, event);
    }
    let (status, user) = stack.get("/api/users/@delenn/short", None).await;
    assert_eq!((status, &user["display_name"]), (200, &json!("Delenn")));
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_users_with_the_same_preferred_name_get_different_handles() {
    let stack = TestStack::start().await;
    let (one, other) = (sign_up(&stack, ONE, "One", "delenn"), sign_up(&stack, OTHER, "Other", "Delenn"));
    tokio::join!(stack.invoke_raw("post-confirmation", &one), stack.invoke_raw("post-confirmation", &other));
    let mut names = Vec::new();
    for handle in ["delenn", "delenn-aaaa", "delenn-bbbb"] {
        let (status, user) = stack.get(&format!("/api/users/@{handle}/short"), None).await;
        names.extend((status == 200).then(|| user["display_name"].as_str().unwrap().to_owned()));
    }
    names.sort();
    assert_eq!(names, ["One", "Other"]);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_reset_creates_no_user() {
    let stack = TestStack::start().await;
    let mut event = sign_up(&stack, ONE, "Delenn", "delenn");
    event["triggerSource"] = json!("PostConfirmation_ConfirmForgotPassword");
    assert_eq!(stack.invoke_raw("post-confirmation", &event).await, event);
    assert_eq!(stack.get("/api/users/@delenn/short", None).await.0, 404);
    stack.stop().await;
}
