//! The event that a function receives for a request.

use serde_json::{Value, json};

use crate::support::{SUB, TestApi};

/// A trace that the caller started.
const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_event_is_a_rest_proxy_event() {
    let api = TestApi::start().await;
    let headers = [
        ("User-Agent", "curl/8"),
        ("Accept", "a/b"),
        ("Accept", "c/d"),
        ("X-Amzn-Trace-Id", &format!("Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=0")),
        ("X-Forwarded-For", "10.0.0.9"),
    ];
    let response = api.request("GET", "/local/api/things/%40a%2Fb/parts/%E2%82%AC?x=1&x=%202&y", &headers, b"").await;
    let mut event = response.event();
    let context = event["requestContext"].take();
    let (host, port) = (api.address.to_string(), api.address.port().to_string());
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
        ("requestId", json!(response.header("x-amzn-requestid"))),
        ("authorizer", Value::Null),
    ] {
        assert_eq!(context[name], wanted, "{name}");
    }
    assert_eq!(
        (&context["identity"]["sourceIp"], &context["identity"]["userAgent"]),
        (&json!("127.0.0.1"), &json!("curl/8"))
    );
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_without_the_stage_is_that_of_a_custom_domain() {
    let api = TestApi::start().await;
    let event = api.get("/api/things/1").await.event();
    assert_eq!((&event["path"], &event["requestContext"]["path"]), (&json!("/api/things/1"), &json!("/api/things/1")));
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_literal_wins_over_a_variable_and_an_escaped_slash_stays_inside_its_part() {
    let api = TestApi::start().await;
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
        let event = api.get(path).await.event();
        assert_eq!((&event["resource"], &event["pathParameters"]["id"]), (&json!(resource), &id), "{path}");
    }
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_covers_each_method_without_a_route_of_its_own() {
    let api = TestApi::start().await;
    for method in ["GET", "DELETE", "PATCH", "OPTIONS", "HEAD"] {
        let response = api.request(method, "/api/any", &[], b"").await;
        assert_eq!(response.status, 200, "{method}");
        if method != "HEAD" {
            assert_eq!(response.event()["httpMethod"], method);
        }
    }
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_reach_the_function_as_strings() {
    let api = TestApi::start().await;
    let bearer = format!("Bearer {}", api.token());
    let response = api.request("POST", "/api/things", &[("Authorization", &bearer)], b"{}").await;
    let claims = &response.event()["requestContext"]["authorizer"]["claims"];
    assert_eq!((&claims["sub"], &claims["token_use"]), (&json!(SUB), &json!("access")));
    assert!(claims.as_object().unwrap().values().all(Value::is_string), "{claims}");
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_event_of_a_route_without_an_authorizer_has_no_claims() {
    let api = TestApi::start().await;
    let bearer = format!("Bearer {}", api.token());
    for header in [bearer.as_str(), "Bearer null"] {
        let event = api.request("GET", "/api/things/home", &[("Authorization", header)], b"").await.event();
        assert_eq!(event["requestContext"].get("authorizer"), None, "{header}");
    }
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_text_or_base64() {
    let api = TestApi::start().await;
    for (kind, body, wanted, encoded) in [
        ("application/json", b"{\"a\":\"\xc3\xbc\"}".as_slice(), "{\"a\":\"ü\"}", false),
        ("application/json", b"\xff\xfe", "//4=", true),
        ("image/png", b"ab", "YWI=", true),
        ("text/plain", b"a\0b", "a\0b", false),
    ] {
        let event = api.request("PUT", "/api/things/1", &[("Content-Type", kind)], body).await.event();
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!(wanted), &json!(encoded)), "{kind}");
    }
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parent_of_the_function_is_the_gateways_segment_in_the_callers_trace() {
    let api = TestApi::start().await;
    let sent = format!("Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:1|68fd508a:5");
    let response = api.request("GET", "/api/things/1", &[("X-Amzn-Trace-Id", &sent)], b"").await;
    let header = response.json()["trace"].as_str().unwrap().to_owned();
    assert_eq!(response.header("x-amzn-trace-id"), Some(format!("Root={ROOT}").as_str()));
    assert!(header.starts_with(&format!("Root={ROOT};Parent=")) && header.contains(";Sampled=1"), "{header}");
    assert!(
        !header.contains("53995c3f42cd8ad8"),
        "the caller's segment is the gateway's parent, not the function's: {header}"
    );
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsampled_caller_stays_unsampled_and_a_malformed_root_is_replaced() {
    let api = TestApi::start().await;
    let response =
        api.request("GET", "/api/things/1", &[("X-Amzn-Trace-Id", &format!("Root={ROOT};Sampled=0"))], b"").await;
    assert!(response.json()["trace"].as_str().unwrap().contains("Sampled=0"));
    let response = api.request("GET", "/api/things/1", &[("X-Amzn-Trace-Id", "Root=1-nonsense")], b"").await;
    let root = response.header("x-amzn-trace-id").unwrap();
    assert!(root.len() == "Root=".len() + 35 && !root.contains("nonsense"), "{root}");
    api.close().await;
}
