//! The responses that the gateway itself makes.

use crudder_local::Limits;

use crate::support::{TEMPLATE, TestApi};

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_path_or_method_is_a_404() {
    let api = TestApi::start().await;
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/nope"),
        ("GET", "/api/things"),
        ("GET", "/api/things//parts/1"),
        ("GET", "/other/api/things/home"),
        ("GET", "/API/things/home"),
        ("DELETE", "/api/things/home"),
        ("POST", "/api/things/home"),
        ("OPTIONS", "/nope"),
        ("get", "/api/things/home"),
    ] {
        assert_eq!(
            api.request(method, path, &[], b"").await.gateway_error(),
            (404, r#"["not_found"]"#),
            "{method} {path}"
        );
    }
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_request_without_a_route_is_a_404_without_a_body() {
    let api = TestApi::start().await;
    assert_eq!(api.request("HEAD", "/api/things/home", &[], b"").await.gateway_error(), (404, ""));
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_with_an_authorizer_needs_a_valid_token() {
    let api = TestApi::start().await;
    let valid = api.token();
    let truncated = valid[..valid.len() - 2].to_owned();
    for header in ["Bearer null", "Bearer", "", "Bearer a.b.c", truncated.as_str()] {
        let response = api.request("POST", "/api/things", &[("Authorization", header)], b"{}").await;
        assert_eq!(response.gateway_error(), (401, r#"["generic_401"]"#), "{header:?}");
    }
    assert_eq!(api.request("POST", "/api/things", &[], b"{}").await.gateway_error(), (401, r#"["generic_401"]"#));
    assert_eq!(api.request("POST", "/api/things", &[("Authorization", &valid)], b"{}").await.status, 200);
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_needs_no_token() {
    let api = TestApi::start().await;
    let response = api.request("OPTIONS", "/api/things", &[("Origin", "https://page.example")], b"").await;
    for (name, wanted) in [
        ("access-control-allow-origin", "https://page.example"),
        ("access-control-allow-headers", "Content-Type,Authorization"),
        ("access-control-allow-methods", "POST,OPTIONS"),
        ("access-control-max-age", "600"),
    ] {
        assert_eq!(response.header(name), Some(wanted), "{name}");
    }
    assert_eq!(response.status, 200);
    let response = api.request("OPTIONS", "/api/things/1", &[], b"").await;
    assert_eq!(response.header("access-control-allow-methods"), Some("GET,PUT,OPTIONS"));
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_responses_of_the_template_are_used() {
    let gateway_responses = r#"
      GatewayResponses:
        DEFAULT_4XX:
          StatusCode: 418
          ResponseTemplates: {application/json: '["stated"]'}
          ResponseParameters:
            Headers: {Access-Control-Allow-Origin: "'https://page.example'", Access-Control-Expose-Headers: "'Link,X-Amzn-Trace-Id'"}
"#;
    let template = TEMPLATE.replacen("      BinaryMediaTypes: [image~1png]\n", &gateway_responses[1..], 1);
    let api = TestApi::start_with(&template, Limits::default(), |_| ()).await;
    assert_eq!(api.get("/nope").await.gateway_error(), (418, r#"["stated"]"#));
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_host_is_a_403() {
    let api = TestApi::start().await;
    for host in ["a b", "user@host", "1.2.3.999", "a/b"] {
        let response = api
            .send(format!("GET /api/things/1 HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes())
            .await;
        assert_eq!(response.gateway_error(), (403, r#"["generic_403"]"#), "{host}");
    }
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_or_query_that_cannot_be_decoded_is_a_400() {
    let api = TestApi::start().await;
    for path in ["/api/things/%", "/api/things/%zz", "/api/things/%ff", "/api/things/1?a=%", "/api/things/1?a=%c3%28"] {
        assert_eq!(api.get(path).await.gateway_error(), (400, r#"["bad_request"]"#), "{path}");
    }
    api.close().await;
}
