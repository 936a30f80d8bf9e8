//! What a function is told of a request.

use serde_json::{Value, json};

use crate::support::{SUB, house};

/// A trace of a caller's.
const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_event_is_a_rest_proxy_event() {
    let house = house().await;
    let headers = [
        ("User-Agent", "curl/8"),
        ("Accept", "a/b"),
        ("Accept", "c/d"),
        ("X-Amzn-Trace-Id", &format!("Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=0")),
        ("X-Forwarded-For", "10.0.0.9"),
    ];
    let answer = house.ask("GET", "/local/api/things/%40a%2Fb/parts/%E2%82%AC?x=1&x=%202&y", &headers, b"").await;
    let mut event = answer.event();
    let context = event["requestContext"].take();
    let (host, port) = (house.address.to_string(), house.address.port().to_string());
    let root = format!("Root={ROOT}");
    let wanted = json!({
        "resource": "/api/things/{id}/parts/{part}", "path": "/api/things/%40a%2Fb/parts/%E2%82%AC", "httpMethod": "GET",
        "headers": {
            "Host": host, "X-Amzn-Trace-Id": root, "X-Forwarded-For": "10.0.0.9, 127.0.0.1", "X-Forwarded-Port": port,
            "X-Forwarded-Proto": "http", "accept": "c/d", "user-agent": "curl/8",
        },
        "multiValueHeaders": {
            "Host": [host], "X-Amzn-Trace-Id": [root], "X-Forwarded-For": ["10.0.0.9, 127.0.0.1"], "X-Forwarded-Port": [port],
            "X-Forwarded-Proto": ["http"], "accept": ["a/b", "c/d"], "user-agent": ["curl/8"],
        },
        "queryStringParameters": {"x": " 2", "y": ""},
        "multiValueQueryStringParameters": {"x": ["1", " 2"], "y": [""]},
        "pathParameters": {"id": "@a/b", "part": "€"},
        "stageVariables": null, "requestContext": null, "body": null, "isBase64Encoded": false,
    });
    assert_eq!(event, wanted);
    for (name, wanted) in [
        ("resourcePath", json!("/api/things/{id}/parts/{part}")),
        ("httpMethod", json!("GET")),
        ("path", json!("/local/api/things/%40a%2Fb/parts/%E2%82%AC")),
        ("stage", json!("local")),
        ("protocol", json!("HTTP/1.1")),
        ("domainName", json!(host)),
        ("requestId", json!(answer.header("x-amzn-requestid"))),
        ("authorizer", Value::Null),
    ] {
        assert_eq!(context[name], wanted, "{name}");
    }
    assert_eq!(
        (&context["identity"]["sourceIp"], &context["identity"]["userAgent"]),
        (&json!("127.0.0.1"), &json!("curl/8"))
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_of_ones_own_has_no_stage_in_its_path() {
    let house = house().await;
    let event = house.get("/api/things/1").await.event();
    assert_eq!((&event["path"], &event["requestContext"]["path"]), (&json!("/api/things/1"), &json!("/api/things/1")));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_literal_wins_over_a_variable_and_an_escaped_slash_stays_inside_its_part() {
    let house = house().await;
    for (path, resource, id) in [
        ("/api/things/home", "/api/things/home", Value::Null),
        ("/api/things/home/", "/api/things/home", Value::Null),
        ("/api/things/homes", "/api/things/{id}", json!("homes")),
        ("/api/things/home%2Fparts", "/api/things/{id}", json!("home/parts")),
        ("/api/things/a%00b", "/api/things/{id}", json!("a\u{0}b")),
        ("/api/things/a+b", "/api/things/{id}", json!("a+b")),
        ("/api/things/@andrew", "/api/things/{id}", json!("@andrew")),
        ("/api/%74hings/home", "/api/things/home", Value::Null),
    ] {
        let event = house.get(path).await.event();
        assert_eq!((&event["resource"], &event["pathParameters"]["id"]), (&json!(resource), &id), "{path}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_stands_for_each_method_that_is_not_named() {
    let house = house().await;
    for method in ["GET", "DELETE", "PATCH", "OPTIONS", "HEAD"] {
        let answer = house.ask(method, "/api/any", &[], b"").await;
        assert_eq!(answer.status, 200, "{method}");
        if method != "HEAD" {
            assert_eq!(answer.event()["httpMethod"], method);
        }
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_reach_the_function_as_strings() {
    let house = house().await;
    let bearer = format!("Bearer {}", house.token());
    let answer = house.ask("POST", "/api/things", &[("Authorization", &bearer)], b"{}").await;
    let claims = &answer.event()["requestContext"]["authorizer"]["claims"];
    assert_eq!((&claims["sub"], &claims["token_use"]), (&json!(SUB), &json!("access")));
    assert!(claims.as_object().unwrap().values().all(Value::is_string), "{claims}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_without_an_authorizer_is_told_no_claims() {
    let house = house().await;
    let bearer = format!("Bearer {}", house.token());
    for header in [bearer.as_str(), "Bearer null"] {
        let event = house.ask("GET", "/api/things/home", &[("Authorization", header)], b"").await.event();
        assert_eq!(event["requestContext"].get("authorizer"), None, "{header}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_travels_as_text_or_as_base64() {
    let house = house().await;
    for (kind, body, wanted, encoded) in [
        ("application/json", b"{\"a\":\"\xc3\xbc\"}".as_slice(), "{\"a\":\"ü\"}", false),
        ("application/json", b"\xff\xfe", "//4=", true),
        ("image/png", b"ab", "YWI=", true),
        ("text/plain", b"a\0b", "a\0b", false),
    ] {
        let event = house.ask("PUT", "/api/things/1", &[("Content-Type", kind)], body).await.event();
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!(wanted), &json!(encoded)), "{kind}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_function_hangs_under_the_gateways_segment_of_the_callers_trace() {
    let house = house().await;
    let sent = format!("Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:1|68fd508a:5");
    let answer = house.ask("GET", "/api/things/1", &[("X-Amzn-Trace-Id", &sent)], b"").await;
    let seen = answer.json()["trace"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("x-amzn-trace-id"), Some(format!("Root={ROOT}").as_str()));
    assert!(seen.starts_with(&format!("Root={ROOT};Parent=")) && seen.contains(";Sampled=1"), "{seen}");
    assert!(
        !seen.contains("53995c3f42cd8ad8"),
        "the caller's segment is the gateway's parent, not the function's: {seen}"
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsampled_caller_stays_unsampled_and_a_malformed_root_is_replaced() {
    let house = house().await;
    let answer =
        house.ask("GET", "/api/things/1", &[("X-Amzn-Trace-Id", &format!("Root={ROOT};Sampled=0"))], b"").await;
    assert!(answer.json()["trace"].as_str().unwrap().contains("Sampled=0"));
    let answer = house.ask("GET", "/api/things/1", &[("X-Amzn-Trace-Id", "Root=1-nonsense")], b"").await;
    let root = answer.header("x-amzn-trace-id").unwrap();
    assert!(root.len() == "Root=".len() + 35 && !root.contains("nonsense"), "{root}");
    house.close().await;
}
