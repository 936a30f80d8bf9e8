//! Calls every function in each way in which its calls of AWS differ.

use serde_json::{Value, json};

use crate::environment::{Environment, sample};

/// Sample users of crates/local.
const ANDREW: &str = "a1f0c5de-5d2b-4c8e-9b43-0e6d1c7a2f10";
const ALT: &str = "b2e1d4cf-6e3c-4d7f-8a52-1f7c2d8b3e21";
const LONDO: &str = "d4c3f2a1-805e-4f51-8870-319a4fad5c43";

/// Invokes a function with its changed sample event, and checks the status.
macro_rules! request {
    ($environment:expr, $function:literal, $status:literal $(, $name:literal = $value:expr)*) => {{
        let (status, body) = $environment.request($function, &[$(($name, json!($value))),*]).await;
        assert_eq!(status, $status, "{}: {body}", $function);
        body
    }};
}
pub(crate) use request;

/// Calls every function that writes, in each way in which its calls of AWS differ, refusals
/// included.
pub(crate) async fn call_writers(environment: &Environment) -> (Value, Value) {
    let post = request!(
        environment,
        "create-activity",
        200,
        "caller" = ANDREW,
        "body" = json!({"message": "Cloud is fun", "ttl": "7-days"})
    );
    request!(
        environment,
        "create-activity",
        200,
        "caller" = ALT,
        "body" = json!({"message": "Cloud again", "ttl": "1-hour"})
    );
    request!(environment, "create-activity", 422, "body" = json!({"message": "", "ttl": "7-days"}));
    for caller in [ALT, ANDREW] {
        request!(
            environment,
            "create-reply",
            200,
            "caller" = caller,
            "id" = post["uuid"],
            "body" = json!({"message": "indeed"})
        );
    }
    request!(environment, "create-reply", 404);
    let opened = request!(
        environment,
        "create-message",
        200,
        "caller" = ANDREW,
        "body" = json!({"message": "hello", "handle": "londo"})
    );
    let group = &opened["message_group_uuid"];
    let more = json!({"message": "more", "message_group_uuid": group});
    request!(environment, "create-message", 200, "caller" = LONDO, "body" = more);
    request!(environment, "create-message", 403, "caller" = ALT, "body" = more);
    request!(
        environment,
        "create-message",
        422,
        "caller" = ANDREW,
        "body" = json!({"message": "hi", "handle": "nobody"})
    );
    for method in ["POST", "PUT"] {
        request!(
            environment,
            "update-profile",
            200,
            "caller" = ANDREW,
            "method" = method,
            "body" = json!({"display_name": method, "bio": "b"})
        );
    }
    for (sub, name) in
        [("aaaa1111-0000-4000-8000-000000000001", "delenn"), ("bbbb2222-0000-4000-8000-000000000002", "Delenn")]
    {
        let mut event = sample("post-confirmation");
        let attributes = &mut event["request"]["userAttributes"];
        (attributes["sub"], attributes["preferred_username"]) = (json!(sub), json!(name));
        // Cognito may call twice.
        for _ in 0..2 {
            assert_eq!(environment.invoke("post-confirmation", &event).await, event);
        }
    }
    (post["uuid"].clone(), group.clone())
}

/// Calls every function that reads, in pages too.
pub(crate) async fn call_readers(environment: &Environment, post: &Value, group: &Value) {
    request!(environment, "home-activities", 200);
    request!(environment, "home-activities", 200, "query" = json!({"limit": "1"}));
    for term in ["cloud", "cloud fun", "nowhere"] {
        request!(environment, "search-activities", 200, "query" = json!({"term": term}));
    }
    request!(environment, "user-activities", 200, "id" = "@andrewbrown");
    request!(environment, "user-activities", 404, "id" = "@nobody");
    request!(environment, "show-activity", 200, "id" = "@andrewbrown", "activity_uuid" = post);
    request!(environment, "show-activity", 404, "activity_uuid" = "01a0c3f6-8b40-7000-8000-00c0ffee0001");
    for caller in [ANDREW, LONDO, ALT] {
        request!(environment, "notifications-activities", 200, "caller" = caller);
        request!(environment, "message-groups", 200, "caller" = caller);
    }
    request!(environment, "messages", 200, "caller" = ANDREW, "id" = group);
    request!(environment, "messages", 403, "caller" = ALT, "id" = group);
    request!(environment, "users-short", 200, "id" = "@andrewbrown");
    request!(environment, "users-short", 404, "id" = "@nobody");
    request!(environment, "health-check", 200);
    request!(environment, "rollbar-test", 200);
}
