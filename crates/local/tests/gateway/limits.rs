//! The limits of the gateway. No request can stop it.

use std::time::Duration;

use crudder_local::Limits;
use tokio::net::TcpListener;

use crate::support::{TEMPLATE, TestApi};

const MB: usize = 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_ten_megabytes_is_a_413() {
    let api = TestApi::start().await;
    let response = api.request("PUT", "/api/things/1", &[], &vec![b'a'; 10 * MB + 1]).await;
    assert_eq!(response.gateway_error(), (413, r#"["request_too_large"]"#));
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_over_six_megabytes_is_a_413() {
    let api = TestApi::start().await;
    let response = api.request("PUT", "/api/things/1", &[], &vec![b'a'; 6 * MB]).await;
    assert_eq!(response.gateway_error(), (413, r#"["request_too_large"]"#));
    assert_eq!(
        api.request("PUT", "/api/things/1?do=respond&response=%7B%22statusCode%22:200%7D", &[], &vec![b'a'; 5 * MB])
            .await
            .status,
        200
    );
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_over_ten_kilobytes_is_a_431() {
    let api = TestApi::start().await;
    let long = "a".repeat(10_240);
    assert_eq!(
        api.request("GET", "/api/things/1", &[("X-Long", &long)], b"").await.gateway_error(),
        (431, r#"["bad_request"]"#)
    );
    assert_eq!(api.get(&format!("/api/things/{long}")).await.gateway_error(), (431, r#"["bad_request"]"#));
    assert_eq!(api.get(&format!("/api/things/{}", &long[..8_000])).await.status, 200);
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incomplete_body_is_a_408_after_the_timeout() {
    let limits = Limits { body_timeout: Duration::from_millis(100), ..Limits::default() };
    let api = TestApi::start_with(TEMPLATE, limits, |_| ()).await;
    let half = b"PUT /api/things/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf";
    assert_eq!(api.send(half).await.gateway_error(), (408, r#"["bad_request"]"#));
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_http_is_a_400_and_the_next_request_is_served() {
    let api = TestApi::start().await;
    for bytes in [
        b"\x16\x03\x01\x02\x00\r\n\r\n".as_slice(),
        b"GET\r\n\r\n",
        b"GET /a b c HTTP/1.1\r\n\r\n",
        b"PUT /api/things/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        b"PUT /api/things/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let response = api.send(bytes).await;
        assert_eq!(response.status, 400, "{}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(api.get("/api/things/1").await.status, 200);
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_gateway_frees_its_port() {
    let api = TestApi::start().await;
    let address = api.address;
    assert_eq!(api.get("/api/things/1").await.status, 200);
    api.close().await;
    TcpListener::bind(address).await.unwrap();
}
