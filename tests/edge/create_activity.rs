//! `create-activity` at its edge.

use serde_json::{Value, json};

use crate::support::World;

const PATH: &str = "/api/activities";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_with_the_post_and_every_field() {
    let world = World::start().await;
    let (status, post) = world.sample("create-activity").await;
    assert_eq!(status, 200, "{post}");
    assert_eq!((&post["handle"], &post["display_name"]), (&json!("andrewbrown"), &json!("Andrew Brown")));
    assert_eq!((&post["message"], &post["replies"]), (&json!("Cloud is fun!"), &json!([])));
    assert_eq!(post["reply_to_activity_uuid"], Value::Null);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_ttl_sets_its_end() {
    let world = World::start().await;
    let token = world.token("andrewbrown").await;
    for ttl in ["30-days", "7-days", "3-days", "1-day", "12-hours", "3-hours", "1-hour"] {
        let (status, post) = world.post(PATH, Some(&token), json!({"message": ttl, "ttl": ttl}).to_string()).await;
        assert_eq!(status, 200, "{ttl}: {post}");
        assert!(post["expires_at"].as_str() > post["created_at"].as_str());
    }
    for body in [
        json!({"message": "m"}),
        json!({"message": "m", "ttl": null}),
        json!({"message": "m", "ttl": "7-Days"}),
        json!({"message": "m", "ttl": ""}),
    ] {
        assert_eq!(world.post(PATH, Some(&token), body.to_string()).await, (422, json!(["ttl_blank"])), "{body}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_of_every_script_comes_back_unchanged() {
    let world = World::start().await;
    let token = world.token("altbrown").await;
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
        let (status, post) = world.post(PATH, Some(&token), json!({"message": text, "ttl": "1-day"}).to_string()).await;
        assert_eq!((status, &post["message"]), (200, &json!(text)));
        let uuid = post["uuid"].as_str().unwrap();
        let (_, shown) = world.get(&format!("/api/activities/@altbrown/status/{uuid}"), None).await;
        assert_eq!(shown["activity"]["message"], json!(text));
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_is_broken_is_named_by_its_code() {
    let world = World::start().await;
    let token = world.token("andrewbrown").await;
    let long = "🦀".repeat(281);
    let table = [
        (json!({}), "message_blank"),
        (json!({"message": null, "ttl": "never"}), "message_blank"),
        (json!({"message": "", "ttl": "7-days"}), "message_blank"),
        (json!({"message": long, "ttl": "7-days"}), "message_exceed_max_chars"),
        (json!({"message": long, "ttl": "never"}), "message_exceed_max_chars"),
    ];
    for (body, code) in table {
        assert_eq!(world.post(PATH, Some(&token), body.to_string()).await, (422, json!([code])), "{body}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_cannot_be_read_is_told_what_is_wrong_with_it() {
    let world = World::start().await;
    let token = world.token("andrewbrown").await;
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
        let (answered, errors) = world.post(PATH, Some(&token), body.to_vec()).await;
        assert_eq!(answered, status, "{shown}: {errors}");
        let [error] = errors.as_array().unwrap().as_slice() else { panic!("{shown}: {errors}") };
        let error = error.as_str().unwrap();
        assert!(error.contains("_json: ") && !error.contains("struct"), "{shown}: {error}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_many_megabytes_is_refused_and_not_a_crash() {
    let world = World::start().await;
    let token = world.token("andrewbrown").await;
    // Over what Lambda takes, and over what the gateway takes.
    for bytes in [7 << 20, 11 << 20] {
        let body = json!({"message": "m".repeat(bytes), "ttl": "1-day"}).to_string();
        assert_eq!(world.post(PATH, Some(&token), body).await, (413, json!(["request_too_large"])), "{bytes} bytes");
    }
    // Under both it reaches the function, which has its own word for it.
    let body = json!({"message": "m".repeat(4 << 20), "ttl": "1-day"}).to_string();
    assert_eq!(world.post(PATH, Some(&token), body).await, (422, json!(["message_exceed_max_chars"])));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_posts_without_a_good_token() {
    let world = World::start().await;
    let body = json!({"message": "m", "ttl": "1-day"}).to_string();
    let good = world.token("andrewbrown").await;
    let (head, rest) = good.split_once('.').unwrap();
    let (claims, _signature) = rest.split_once('.').unwrap();
    // {"alg":"none"}
    let none = format!("eyJhbGciOiJub25lIn0.{claims}.");
    let unsigned = format!("{head}.{claims}.AAAA");
    for token in
        [None, Some("null"), Some("undefined"), Some(""), Some("a.b.c"), Some(none.as_str()), Some(unsigned.as_str())]
    {
        assert_eq!(world.post(PATH, token, body.clone()).await, (401, json!(["generic_401"])), "{token:?}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_without_claims_is_nobodys() {
    let world = World::start().await;
    let mut event = world.event("create-activity");
    event["requestContext"].as_object_mut().unwrap().remove("authorizer");
    assert_eq!(world.invoke("create-activity", &event).await, (401, json!(["generic_401"])));
    // Somebody whose token is good and who has never signed up here.
    let mut event = world.event("create-activity");
    event["requestContext"]["authorizer"]["claims"]["sub"] = json!("00000000-0000-4000-8000-000000000000");
    assert_eq!(world.invoke("create-activity", &event).await, (422, json!(["cognito_user_id_blank"])));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_base64_body_is_read_like_any_other() {
    let world = World::start().await;
    let mut event = world.event("create-activity");
    // {"message":"in base64","ttl":"1-day"}
    event["body"] = json!("eyJtZXNzYWdlIjoiaW4gYmFzZTY0IiwidHRsIjoiMS1kYXkifQ==");
    event["isBase64Encoded"] = json!(true);
    let (status, post) = world.invoke("create-activity", &event).await;
    assert_eq!((status, &post["message"]), (200, &json!("in base64")));
    world.stop().await;
}
