//! The React page of the course's last version, as the functions meet it: its requests in the order in which a visit makes them,
//! with the headers that it sends, and every field that it reads, by type.

#![expect(clippy::unwrap_used, reason = "what fails here is the test")]

mod support;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::TestStack;

/// What the page takes a field for.
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

/// A feed item: home, notifications, user page, activity page, and what the forms put on top of them.
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

fn reads(item: &Value, fields: &[(&str, Kind)]) {
    for (name, kind) in fields {
        let value = item.get(name).unwrap_or_else(|| panic!("the page reads {name}; it is missing in {item}"));
        let fits = match kind {
            Text => value.is_string(),
            TextOrNull => value.is_string() || value.is_null(),
            Number => value.is_u64(),
            Date => is_date(value),
            DateOrNull => value.is_null() || is_date(value),
            List => value.is_array(),
        };
        assert!(fits, "the page takes {name} for {kind:?}; it is {value}");
    }
}

/// RFC 3339 in UTC with microseconds: the one form that every version of the page reads alike.
fn is_date(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    let shape: String = text.chars().map(|sign| if sign.is_ascii_digit() { '0' } else { sign }).collect();
    shape == "0000-00-00T00:00:00.000000Z"
}

fn reads_all<'a>(list: &'a Value, fields: &[(&str, Kind)]) -> &'a [Value] {
    let items = list.as_array().unwrap_or_else(|| panic!("the page takes this for a list: {list}"));
    items.iter().for_each(|item| reads(item, fields));
    items
}

/// The page as one user has it open.
struct Page<'a> {
    stack: &'a TestStack,
    token: Option<String>,
}

impl Page<'_> {
    /// A request as the page makes it: a preflight, then the request with a JSON content type on every GET too, and `Bearer null` when
    /// nobody is signed in.
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
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
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["access-control-allow-origin"], "*", "{path}");
        (answer.status(), answer.json().await.unwrap())
    }

    /// The page tests for exactly 200.
    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "GET {path}: {body}");
        body
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, body) = self.ask(method, path, Some(body)).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    async fn preflight(&self, method: &Method, path: &str) {
        let asked = self
            .stack
            .request(Method::OPTIONS, path)
            .header("Origin", ORIGIN)
            .header("Access-Control-Request-Method", method.as_str())
            .header("Access-Control-Request-Headers", "authorization,content-type");
        let answer = asked.send().await.unwrap();
        assert!(answer.status().is_success(), "{method} {path}: {}", answer.status());
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_lowercase();
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
    let nobody = Page { stack: &stack, token: None };

    // The home page, without and with a user.
    reads_all(&nobody.get("/api/activities/home").await, FEED_ITEM);
    let seeded = andrew.get("/api/activities/home").await;
    assert!(!reads_all(&seeded, FEED_ITEM).is_empty());

    // The crud form: its answer goes on top of the feed.
    let post = andrew.send(Method::POST, "/api/activities", json!({"message": "Cloud is fun!", "ttl": "7-days"})).await;
    reads(&post, FEED_ITEM);
    assert!(!post["expires_at"].is_null());
    let uuid = post["uuid"].as_str().unwrap();
    assert_eq!(andrew.get("/api/activities/home").await[0]["uuid"], *uuid);

    // The reply popup repeats the uuid in its body; the activity page shows the reply.
    let reply = json!({"activity_uuid": uuid, "message": "This post has no honor!"});
    let reply = andrew.send(Method::POST, &format!("/api/activities/{uuid}/reply"), reply).await;
    reads(&reply, FEED_ITEM);
    assert_eq!(reply["reply_to_activity_uuid"], *uuid);
    let shown = nobody.get(&format!("/api/activities/@andrewbrown/status/{uuid}")).await;
    reads(&shown["activity"], FEED_ITEM);
    assert_eq!(shown["activity"]["replies_count"], 1);
    assert_eq!(reads_all(&shown["replies"], FEED_ITEM).len(), 1);

    // The user page.
    let user = nobody.get("/api/activities/@andrewbrown").await;
    reads(&user["profile"], PROFILE);
    assert!(!reads_all(&user["activities"], FEED_ITEM).is_empty());

    // The profile form: POST in one version, PUT in the last; the user page shows it.
    for method in [Method::POST, Method::PUT] {
        let profile = json!({"bio": "I teach the cloud.", "display_name": "Andrew Brown"});
        reads(&andrew.send(method, "/api/profile/update", profile).await, SHORT);
    }
    assert_eq!(nobody.get("/api/activities/@andrewbrown").await["profile"]["bio"], "I teach the cloud.");

    // The message pages: groups, a new conversation by its form, the conversation, one more message.
    reads_all(&andrew.get("/api/message_groups").await, GROUP);
    reads(&andrew.get("/api/users/@londo/short").await, SHORT);
    let started = json!({"message": "Greetings, ambassador.", "handle": "londo"});
    let started = andrew.send(Method::POST, "/api/messages", started).await;
    let group = started["message_group_uuid"].as_str().unwrap().to_owned();
    let groups = andrew.get("/api/message_groups").await;
    assert_eq!(reads_all(&groups, GROUP)[0]["uuid"], *group);
    let more = json!({"message": "Are you there?", "message_group_uuid": group});
    let more = andrew.send(Method::POST, "/api/messages", more).await;
    reads(&more, MESSAGE);
    assert!(more.get("message_group_uuid").is_none(), "with that key the form redirects instead of appending");
    let messages = andrew.get(&format!("/api/messages/{group}")).await;
    let told: Vec<_> =
        reads_all(&messages, MESSAGE).iter().map(|message| message["message"].as_str().unwrap()).collect();
    assert_eq!(told, ["Greetings, ambassador.", "Are you there?"]);

    // The other's notifications: a feed.
    let londo = Page { stack: &stack, token: Some(stack.token("londo").await) };
    assert!(!reads_all(&londo.get("/api/activities/notifications").await, FEED_ITEM).is_empty());
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_is_an_array_that_the_forms_can_show() {
    let stack = TestStack::start().await;
    let (andrew, nobody) =
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
        (&nobody, Method::POST, "/api/activities", json!({"message": "hi", "ttl": "7-days"}), 401, "generic_401"),
    ];
    for (page, method, path, body, status, code) in table {
        let (answered, errors) = page.ask(method, path, Some(body)).await;
        assert_eq!((answered.as_u16(), errors), (status, json!([code])), "{path}");
    }
    // On loads there is no place to show an error: the page keeps its empty state for whatever is JSON and not 200.
    for path in ["/api/activities/@nobody-here", "/api/users/@nobody-here/short", "/api/activities/@londo/status/1"] {
        let (answered, errors) = nobody.ask(Method::GET, path, None).await;
        assert_eq!((answered.as_u16(), errors), (404, json!(["not_found"])), "{path}");
    }
    stack.stop().await;
}
