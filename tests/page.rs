//! The React page of the course's last version as a client of the functions: the requests of a
//! visit in their order, with the headers that the page sends, and the type of every field that it
//! reads.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

mod support;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::TestStack;

/// The type that the page expects of a field.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    TextOrNull,
    Number,
    Date,
    DateOrNull,
    List,
}

use Kind::{Date, DateOrNull, List, Number, Text, TextOrNull};

/// A feed item: on the home, notifications, user and activity pages, and as a response to the
/// forms.
const FEED_ITEM: &[(&str, Kind)] = &[
    ("uuid", Text),
    ("handle", Text),
    ("display_name", Text),
    ("message", Text),
    ("created_at", Date),
    ("expires_at", DateOrNull),
    ("replies_count", Number),
    ("reposts_count", Number),
    ("likes_count", Number),
    ("replies", List),
];
const PROFILE: &[(&str, Kind)] = &[
    ("display_name", Text),
    ("handle", Text),
    ("bio", TextOrNull),
    ("cruds_count", Number),
    ("cognito_user_uuid", Text),
];
const GROUP: &[(&str, Kind)] =
    &[("uuid", Text), ("display_name", Text), ("handle", Text), ("message", Text), ("created_at", Date)];
const MESSAGE: &[(&str, Kind)] = GROUP;
const SHORT: &[(&str, Kind)] = &[("handle", Text), ("display_name", Text)];

/// Checks that an item has these fields with their types.
fn check_fields(item: &Value, fields: &[(&str, Kind)]) {
    for (name, kind) in fields {
        let value = item.get(name).unwrap_or_else(|| panic!("the page reads {name}, which is missing in {item}"));
        let fits = match kind {
            Text => value.is_string(),
            TextOrNull => value.is_string() || value.is_null(),
            Number => value.is_u64(),
            Date => is_date(value),
            DateOrNull => value.is_null() || is_date(value),
            List => value.is_array(),
        };
        assert!(fits, "the page expects {kind:?} in {name}, found {value}");
    }
}

/// Whether a value is a date in RFC 3339, in UTC with microseconds. Every version of the page reads
/// this format in the same way.
fn is_date(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    let shape: String = text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    shape == "0000-00-00T00:00:00.000000Z"
}

/// Checks every item of a list; returns the items.
fn check_items<'a>(list: &'a Value, fields: &[(&str, Kind)]) -> &'a [Value] {
    let items = list.as_array().unwrap_or_else(|| panic!("the page expects a list, found {list}"));
    items.iter().for_each(|item| check_fields(item, fields));
    items
}

/// The page of one user, or of a visitor who is not signed in.
struct Page<'a> {
    stack: &'a TestStack,
    token: Option<String>,
}

impl Page<'_> {
    /// Sends a request as the page does: a preflight first. The request has a JSON content type,
    /// even a GET, and `Bearer null` if the visitor is not signed in.
    async fn request(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        self.preflight(&method, path).await;
        let token = self.token.as_deref().unwrap_or("null");
        let mut request = self.stack.request(method, path);
        request = request
            .header("Origin", ORIGIN)
            .header("Accept", "application/json")
            .header("Content-Type", "application/json");
        request = request.header("Authorization", format!("Bearer {token}"));
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["access-control-allow-origin"], "*", "{path}");
        (response.status(), response.json().await.unwrap())
    }

    /// Sends a GET request, whose status must be 200: the page accepts no other.
    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.request(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "GET {path}: {body}");
        body
    }

    /// Sends a request with a body, whose status must be 200.
    async fn send(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, body) = self.request(method, path, Some(body)).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    /// Sends a preflight request, which must allow the request.
    async fn preflight(&self, method: &Method, path: &str) {
        let request = self
            .stack
            .request(Method::OPTIONS, path)
            .header("Origin", ORIGIN)
            .header("Access-Control-Request-Method", method.as_str())
            .header("Access-Control-Request-Headers", "authorization,content-type");
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{method} {path}: {}", response.status());
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_lowercase();
        assert_eq!(header("access-control-allow-origin"), "*");
        assert!(header("access-control-allow-methods").contains(&method.as_str().to_lowercase()), "{method} {path}");
        for name in ["authorization", "content-type"] {
            assert!(header("access-control-allow-headers").contains(name), "{path} does not allow {name}");
        }
    }
}

const ORIGIN: &str = "http://localhost:3000";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_finds_every_field_that_the_page_reads() {
    let stack = TestStack::start().await;
    let andrew = Page { stack: &stack, token: Some(stack.token("andrewbrown").await) };
    let visitor = Page { stack: &stack, token: None };

    // The home page, without a user and with one.
    check_items(&visitor.get("/api/activities/home").await, FEED_ITEM);
    let seeded = andrew.get("/api/activities/home").await;
    assert!(!check_items(&seeded, FEED_ITEM).is_empty());

    // The form of a post: its response is shown first in the feed.
    let post = andrew.send(Method::POST, "/api/activities", json!({"message": "Cloud is fun!", "ttl": "7-days"})).await;
    check_fields(&post, FEED_ITEM);
    assert!(!post["expires_at"].is_null());
    let uuid = post["uuid"].as_str().unwrap();
    assert_eq!(andrew.get("/api/activities/home").await[0]["uuid"], *uuid);

    // The reply form repeats the UUID in its body. The activity page shows the reply.
    let reply = json!({"activity_uuid": uuid, "message": "This post has no honor!"});
    let reply = andrew.send(Method::POST, &format!("/api/activities/{uuid}/reply"), reply).await;
    check_fields(&reply, FEED_ITEM);
    assert_eq!(reply["reply_to_activity_uuid"], *uuid);
    let shown = visitor.get(&format!("/api/activities/@andrewbrown/status/{uuid}")).await;
    check_fields(&shown["activity"], FEED_ITEM);
    assert_eq!(shown["activity"]["replies_count"], 1);
    assert_eq!(check_items(&shown["replies"], FEED_ITEM).len(), 1);

    // The user page.
    let user = visitor.get("/api/activities/@andrewbrown").await;
    check_fields(&user["profile"], PROFILE);
    assert!(!check_items(&user["activities"], FEED_ITEM).is_empty());

    // The profile form uses POST in one version and PUT in the last. The user page shows the
    // change.
    for method in [Method::POST, Method::PUT] {
        let profile = json!({"bio": "I teach the cloud.", "display_name": "Andrew Brown"});
        check_fields(&andrew.send(method, "/api/profile/update", profile).await, SHORT);
    }
    assert_eq!(visitor.get("/api/activities/@andrewbrown").await["profile"]["bio"], "I teach the cloud.");

    // The message pages: all groups, a new conversation, its messages, one more message.
    check_items(&andrew.get("/api/message_groups").await, GROUP);
    check_fields(&andrew.get("/api/users/@londo/short").await, SHORT);
    let started = json!({"message": "Greetings, ambassador.", "handle": "londo"});
    let started = andrew.send(Method::POST, "/api/messages", started).await;
    let group = started["message_group_uuid"].as_str().unwrap().to_owned();
    let groups = andrew.get("/api/message_groups").await;
    assert_eq!(check_items(&groups, GROUP)[0]["uuid"], *group);
    let more = json!({"message": "Are you there?", "message_group_uuid": group});
    let more = andrew.send(Method::POST, "/api/messages", more).await;
    check_fields(&more, MESSAGE);
    assert!(more.get("message_group_uuid").is_none(), "the form would redirect because of that key");
    let messages = andrew.get(&format!("/api/messages/{group}")).await;
    let found: Vec<_> =
        check_items(&messages, MESSAGE).iter().map(|message| message["message"].as_str().unwrap()).collect();
    assert_eq!(found, ["Greetings, ambassador.", "Are you there?"]);

    // The notifications of the other user.
    let londo = Page { stack: &stack, token: Some(stack.token("londo").await) };
    assert!(!check_items(&londo.get("/api/activities/notifications").await, FEED_ITEM).is_empty());
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_is_an_array_that_the_forms_can_show() {
    let stack = TestStack::start().await;
    let (andrew, visitor) =
        (Page { stack: &stack, token: Some(stack.token("andrewbrown").await) }, Page { stack: &stack, token: None });
    let table = [
        (&andrew, Method::POST, "/api/activities", json!({"message": "", "ttl": "7-days"}), 422, "message_blank"),
        (
            &andrew,
            Method::POST,
            "/api/messages",
            json!({"message": "hi", "handle": "nobody-here"}),
            422,
            "user_reciever_handle_blank",
        ),
        (
            &andrew,
            Method::PUT,
            "/api/profile/update",
            json!({"bio": null, "display_name": ""}),
            422,
            "display_name_blank",
        ),
        (&visitor, Method::POST, "/api/activities", json!({"message": "hi", "ttl": "7-days"}), 401, "generic_401"),
    ];
    for (page, method, path, body, status, code) in table {
        let (answered, errors) = page.request(method, path, Some(body)).await;
        assert_eq!((answered.as_u16(), errors), (status, json!([code])), "{path}");
    }
    // A page that loads shows no error: it stays empty if the response is JSON with another status
    // than 200.
    for path in ["/api/activities/@nobody-here", "/api/users/@nobody-here/short", "/api/activities/@londo/status/1"] {
        let (answered, errors) = visitor.request(Method::GET, path, None).await;
        assert_eq!((answered.as_u16(), errors), (404, json!(["not_found"])), "{path}");
    }
    stack.stop().await;
}
