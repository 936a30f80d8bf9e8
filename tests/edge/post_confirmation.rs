//! `post-confirmation` at its edge: Cognito's event in, the same event out, a user in the table.

use serde_json::{Value, json};

use crate::support::World;

/// The sample event, about somebody else.
fn sign_up(world: &World, sub: &str, name: &str, wish: &str) -> Value {
    let mut event = world.event("post-confirmation");
    let attributes = &mut event["request"]["userAttributes"];
    attributes["sub"] = json!(sub);
    attributes["name"] = json!(name);
    attributes["preferred_username"] = json!(wish);
    event
}

const ONE: &str = "aaaa1111-0000-4000-8000-000000000001";
const OTHER: &str = "bbbb2222-0000-4000-8000-000000000002";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmed_sign_up_makes_a_user_and_gives_the_event_back() {
    let world = World::start().await;
    let event = sign_up(&world, ONE, "Delenn", "delenn");
    // Cognito may call again: nothing changes then.
    for _ in 0..2 {
        assert_eq!(world.invoke_raw("post-confirmation", &event).await, event);
    }
    let (status, user) = world.get("/api/users/@delenn/short", None).await;
    assert_eq!((status, &user["display_name"]), (200, &json!("Delenn")));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_wish_for_one_handle_get_two() {
    let world = World::start().await;
    let (one, other) = (sign_up(&world, ONE, "One", "delenn"), sign_up(&world, OTHER, "Other", "Delenn"));
    tokio::join!(world.invoke_raw("post-confirmation", &one), world.invoke_raw("post-confirmation", &other));
    let mut names = Vec::new();
    for handle in ["delenn", "delenn-aaaa", "delenn-bbbb"] {
        let (status, user) = world.get(&format!("/api/users/@{handle}/short"), None).await;
        names.extend((status == 200).then(|| user["display_name"].as_str().unwrap().to_owned()));
    }
    names.sort();
    assert_eq!(names, ["One", "Other"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forgotten_password_makes_nobody() {
    let world = World::start().await;
    let mut event = sign_up(&world, ONE, "Delenn", "delenn");
    event["triggerSource"] = json!("PostConfirmation_ConfirmForgotPassword");
    assert_eq!(world.invoke_raw("post-confirmation", &event).await, event);
    assert_eq!(world.get("/api/users/@delenn/short", None).await.0, 404);
    world.stop().await;
}
