//! How much the gateway takes, how long it waits, and that nothing it is sent stops it.

use std::time::Duration;

use crudder_local::Limits;
use tokio::net::TcpListener;

use crate::support::{TEMPLATE, TestApi, house};

const MB: usize = 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_ten_megabytes_is_a_413() {
    let house = house().await;
    let answer = house.ask("PUT", "/api/things/1", &[], &vec![b'a'; 10 * MB + 1]).await;
    assert_eq!(answer.refusal(), (413, r#"["request_too_large"]"#));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_over_six_megabytes_is_a_413() {
    let house = house().await;
    let answer = house.ask("PUT", "/api/things/1", &[], &vec![b'a'; 6 * MB]).await;
    assert_eq!(answer.refusal(), (413, r#"["request_too_large"]"#));
    assert_eq!(
        house
            .ask("PUT", "/api/things/1?do=answer&answer=%7B%22statusCode%22:200%7D", &[], &vec![b'a'; 5 * MB])
            .await
            .status,
        200
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_over_ten_kilobytes_is_a_431() {
    let house = house().await;
    let long = "a".repeat(10_240);
    assert_eq!(
        house.ask("GET", "/api/things/1", &[("X-Long", &long)], b"").await.refusal(),
        (431, r#"["bad_request"]"#)
    );
    assert_eq!(house.get(&format!("/api/things/{long}")).await.refusal(), (431, r#"["bad_request"]"#));
    assert_eq!(house.get(&format!("/api/things/{}", &long[..8_000])).await.status, 200);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_a_408() {
    let limits = Limits { body_timeout: Duration::from_millis(100), ..Limits::default() };
    let house = TestApi::open(TEMPLATE, limits, |_| ()).await;
    let half = b"PUT /api/things/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf";
    assert_eq!(house.send(half).await.refusal(), (408, r#"["bad_request"]"#));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_on_the_wire_is_a_400_and_the_next_request_is_served() {
    let house = house().await;
    for nonsense in [
        b"\x16\x03\x01\x02\x00\r\n\r\n".as_slice(),
        b"GET\r\n\r\n",
        b"GET /a b c HTTP/1.1\r\n\r\n",
        b"PUT /api/things/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        b"PUT /api/things/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let answer = house.send(nonsense).await;
        assert_eq!(answer.status, 400, "{}", String::from_utf8_lossy(nonsense));
    }
    assert_eq!(house.get("/api/things/1").await.status, 200);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_stopped_frees_its_port() {
    let house = house().await;
    let address = house.address;
    assert_eq!(house.get("/api/things/1").await.status, 200);
    house.close().await;
    TcpListener::bind(address).await.unwrap();
}
