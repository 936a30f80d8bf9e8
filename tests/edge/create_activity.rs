//! Integration tests of `create-activity`.

use serde_json::{Value, json};

use crate::support::TestStack;

const PATH: &str = "/api/activities";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_response_is_the_post_with_every_field() {
    let stack = TestStack::start().await;
    let (status, post) = stack.sample("create-activity").await;
    assert_eq!(status, 200, "{post}");
    assert_eq!((&post["handle"], &post["display_name"]), (&json!("andrewbrown"), &json!("Andrew Brown")));
    assert_eq!((&post["message"], &post["replies"]), (&json!("Cloud is fun!"), &json!([])));
    assert_eq!(post["reply_to_activity_uuid"], Value::Null);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_ttl_sets_the_expiry_and_any_other_is_refused() {
    let stack = TestStack::start().await;
    let token = stack.token("andrewbrown").await;
    for ttl in ["30-days", "7-days", "3-days", "1-day", "12-hours", "3-hours", "1-hour"] {
        let (status, post) = stack.post(PATH, Some(&token), json!({"message": ttl, "ttl": ttl}).to_string()).await;
        assert_eq!(status, 200, "{ttl}: {post}");
        assert!(post["expires_at"].as_str() > post["created_at"].as_str());
    }
    for body in [
        json!({"message": "m"}),
        json!({"message": "m", "ttl": null}),
        json!({"message": "m", "ttl": "7-Days"}),
        json!({"message": "m", "ttl": ""}),
    ] {
        assert_eq!(stack.post(PATH, Some(&token), body.to_string()).await, (422, json!(["ttl_blank"])), "{body}");
    }
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_of_every_script_comes_back_unchanged() {
    let stack = TestStack::start().await;
    let token = stack.token("altbrown").await;
    for text in [
        "\u{0}",
        "a\u{0}b",
        "שלום עולם",
        "\u{202e}drow",
        "🦀🚀👩‍👩‍👧‍👦",
        "  spaces  ",
        "line\nbreak\ttab",
        "\u{fffd}",
        &"🦀".repeat(280),
    ] {
        let (status, post) = stack.post(PATH, Some(&token), json!({"message": text, "ttl": "1-day"}).to_string()).await;
        assert_eq!((status, &post["message"]), (200, &json!(text)));
        let uuid = post["uuid"].as_str().unwrap();
        let (_, shown) = stack.get(&format!("/api/activities/@altbrown/status/{uuid}"), None).await;
        assert_eq!(shown["activity"]["message"], json!(text));
    }
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_rule_is_answered_with_its_error_code() {
    let stack = TestStack::start().await;
    let token = stack.token("andrewbrown").await;
    let long = "🦀".repeat(281);
    let table = [
        (json!({}), "message_blank"),
        (json!({"message": null, "ttl": "never"}), "message_blank"),
        (json!({"message": "", "ttl": "7-days"}), "message_blank"),
        (json!({"message": long, "ttl": "7-days"}), "message_exceed_max_chars"),
        (json!({"message": long, "ttl": "never"}), "message_exceed_max_chars"),
    ];
    for (body, code) in table {
        assert_eq!(stack.post(PATH, Some(&token), body.to_string()).await, (422, json!([code])), "{body}");
    }
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreadable_body_is_answered_with_the_reason() {
    let stack = TestStack::start().await;
    let token = stack.token("andrewbrown").await;
    let deep = "[".repeat(100_000);
    let bodies: [(&[u8], u16); 11] = [
        (b"", 400),
        (b"{", 400),
        (b"{\"message\":\"m\"", 400),
        (b"not json", 400),
        (b"{\"message\":\"\xff\xfe\",\"ttl\":\"1-day\"}", 400),
        (b"\0", 400),
        (deep.as_bytes(), 400),
        (b"[]", 422),
        (b"\"text\"", 422),
        (b"{\"message\":5,\"ttl\":\"1-day\"}", 422),
        (b"{\"message\":{\"a\":1},\"ttl\":[]}", 422),
    ];
    for (body, status) in bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let (actual, errors) = stack.post(PATH, Some(&token), body.to_vec()).await;
        assert_eq!(actual, status, "{shown}: {errors}");
        let [error] = errors.as_array().unwrap().as_slice() else { panic!("{shown}: {errors}") };
        let error = error.as_str().unwrap();
        assert!(error.contains("_json: ") && !error.contains("struct"), "{shown}: {error}");
    }
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_many_megabytes_is_refused_without_a_crash() {
    let stack = TestStack::start().await;
    let token = stack.token("andrewbrown").await;
    // More than Lambda accepts, and more than the gateway accepts.
    for bytes in [7 << 20, 11 << 20] {
        let body = json!({"message": "m".repeat(bytes), "ttl": "1-day"}).to_string();
        assert_eq!(stack.post(PATH, Some(&token), body).await, (413, json!(["request_too_large"])), "{bytes} bytes");
    }
    // A smaller body reaches the function, which refuses it with its own error code.
    let body = json!({"message": "m".repeat(4 << 20), "ttl": "1-day"}).to_string();
    assert_eq!(stack.post(PATH, Some(&token), body).await, (422, json!(["message_exceed_max_chars"])));
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_without_a_valid_token_is_refused() {
    let stack = TestStack::start().await;
    let body = json!({"message": "m", "ttl": "1-day"}).to_string();
    let valid = stack.token("andrewbrown").await;
    let (head, rest) = valid.split_once('.').unwrap();
    let (claims, _signature) = rest.split_once('.').unwrap();
    // {"alg":"none"}
    let none = format!("eyJhbGciOiJub25lIn0.{claims}.");
    let unsigned = format!("{head}.{claims}.AAAA");
    for token in
        [None, Some("null"), Some("undefined"), Some(""), Some("a.b.c"), Some(none.as_str()), Some(unsigned.as_str())]
    {
        assert_eq!(stack.post(PATH, token, body.clone()).await, (401, json!(["generic_401"])), "{token:?}");
    }
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_without_claims_or_of_an_unknown_user_is_refused() {
    let stack = TestStack::start().await;
    let mut event = stack.event("create-activity");
    event["requestContext"].as_object_mut().unwrap().remove("authorizer");
    assert_eq!(stack.invoke("create-activity", &event).await, (401, json!(["generic_401"])));
    // A valid token of a user who has not signed up.
    let mut event = stack.event("create-activity");
    event["requestContext"]["authorizer"]["claims"]["sub"] = json!("00000000-0000-4000-8000-000000000000");
    assert_eq!(stack.invoke("create-activity", &event).await, (422, json!(["cognito_user_id_blank"])));
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_base64_body_is_decoded() {
    let stack = TestStack::start().await;
    let mut event = stack.event("create-activity");
    // {"message":"in base64","ttl":"1-day"}
    event["body"] = json!("eyJtZXNzYWdlIjoiaW4gYmFzZTY0IiwidHRsIjoiMS1kYXkifQ==");
    event["isBase64Encoded"] = json!(true);
    let (status, post) = stack.invoke("create-activity", &event).await;
    assert_eq!((status, &post["message"]), (200, &json!("in base64")));
    stack.stop().await;
}
