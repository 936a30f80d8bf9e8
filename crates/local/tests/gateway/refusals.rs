//! What the gateway answers by itself.

use crudder_local::Limits;

use crate::support::{TEMPLATE, TestApi, house};

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_path_or_method_is_a_404() {
    let house = house().await;
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
        assert_eq!(house.ask(method, path, &[], b"").await.refusal(), (404, r#"["not_found"]"#), "{method} {path}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_nobody_states_is_a_404_without_a_body() {
    let house = house().await;
    assert_eq!(house.ask("HEAD", "/api/things/home", &[], b"").await.refusal(), (404, ""));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_with_an_authorizer_asks_a_good_token() {
    let house = house().await;
    let good = house.token();
    let cut = good[..good.len() - 2].to_owned();
    for header in ["Bearer null", "Bearer", "", "Bearer a.b.c", cut.as_str()] {
        let answer = house.ask("POST", "/api/things", &[("Authorization", header)], b"{}").await;
        assert_eq!(answer.refusal(), (401, r#"["generic_401"]"#), "{header:?}");
    }
    assert_eq!(house.ask("POST", "/api/things", &[], b"{}").await.refusal(), (401, r#"["generic_401"]"#));
    assert_eq!(house.ask("POST", "/api/things", &[("Authorization", &good)], b"{}").await.status, 200);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_needs_no_token() {
    let house = house().await;
    let answer = house.ask("OPTIONS", "/api/things", &[("Origin", "https://page.example")], b"").await;
    for (name, wanted) in [
        ("access-control-allow-origin", "https://page.example"),
        ("access-control-allow-headers", "Content-Type,Authorization"),
        ("access-control-allow-methods", "POST,OPTIONS"),
        ("access-control-max-age", "600"),
    ] {
        assert_eq!(answer.header(name), Some(wanted), "{name}");
    }
    assert_eq!(answer.status, 200);
    let answer = house.ask("OPTIONS", "/api/things/1", &[], b"").await;
    assert_eq!(answer.header("access-control-allow-methods"), Some("GET,PUT,OPTIONS"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_templates_own_words_are_used_where_it_has_some() {
    let stated = r#"
      GatewayResponses:
        DEFAULT_4XX:
          StatusCode: 418
          ResponseTemplates: {application/json: '["stated"]'}
          ResponseParameters:
            Headers: {Access-Control-Allow-Origin: "'https://page.example'", Access-Control-Expose-Headers: "'Link,X-Amzn-Trace-Id'"}
"#;
    let template = TEMPLATE.replacen("      BinaryMediaTypes: [image~1png]\n", &stated[1..], 1);
    let house = TestApi::open(&template, Limits::default(), |_| ()).await;
    assert_eq!(house.get("/nope").await.refusal(), (418, r#"["stated"]"#));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_none_is_a_403() {
    let house = house().await;
    for host in ["a b", "user@host", "1.2.3.999", "a/b"] {
        let answer = house
            .send(format!("GET /api/things/1 HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes())
            .await;
        assert_eq!(answer.refusal(), (403, r#"["generic_403"]"#), "{host}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_decoded_is_a_400() {
    let house = house().await;
    for path in ["/api/things/%", "/api/things/%zz", "/api/things/%ff", "/api/things/1?a=%", "/api/things/1?a=%c3%28"] {
        assert_eq!(house.get(path).await.refusal(), (400, r#"["bad_request"]"#), "{path}");
    }
    house.close().await;
}
