//! Connection faults: what the client receives, and whether the delivery is stored.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use crudder_fakes::Fault;
use crudder_testing::TIMEOUT;
use crudder_testing::http::{RawResponse, exchange, request};
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{stored, with_fault};
use crate::support::{batch, honeycomb_key, post_spans, protobuf_headers, span};

fn delivery() -> Vec<u8> {
    let key = honeycomb_key();
    request("POST /v1/traces", &protobuf_headers(&key), &batch(vec![span(1)]).encode_to_vec())
}

#[tokio::test]
async fn a_truncated_response_ends_early_and_the_batch_is_accepted() {
    let honeycomb = with_fault(Fault::TruncatedResponse).await;
    let (half, error) = exchange(honeycomb.address(), &delivery()).await;
    assert!(error.is_none(), "closed, not reset: {error:?}");
    assert!(half.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&half));
    assert!(!half.windows(4).any(|four| four == b"\r\n\r\n"), "{}", String::from_utf8_lossy(&half));
    assert_eq!(stored(&honeycomb), (1, Some(false)));
}

#[tokio::test]
async fn a_reset_has_no_response() {
    for accept in [false, true] {
        let honeycomb = with_fault(Fault::Reset { accept }).await;
        let (received, error) = exchange(honeycomb.address(), &delivery()).await;
        assert_eq!(received, b"");
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::ConnectionReset));
        assert_eq!(stored(&honeycomb), if accept { (1, Some(false)) } else { (0, None) });
    }
}

#[tokio::test]
async fn a_closed_connection_has_no_response() {
    for accept in [false, true] {
        let honeycomb = with_fault(Fault::Closed { accept }).await;
        let (received, error) = exchange(honeycomb.address(), &delivery()).await;
        assert!(received.is_empty() && error.is_none(), "{received:?} {error:?}");
        assert_eq!(stored(&honeycomb), if accept { (1, Some(false)) } else { (0, None) });
    }
}

#[tokio::test]
async fn a_call_without_a_response_lasts_until_the_fake_stops_listening() {
    let honeycomb = with_fault(Fault::NoResponse { accept: true }).await;
    let mut stream = TcpStream::connect(honeycomb.address()).await.unwrap();
    stream.write_all(&delivery()).await.unwrap();
    honeycomb.wait_for(TIMEOUT, |store| (store.span_count() == 1).then_some(())).await.unwrap();
    assert_eq!(stored(&honeycomb), (1, Some(false)));

    honeycomb.stop_listening().await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert_eq!(answer, b"", "no byte arrived while the connection was open");
}

#[tokio::test]
async fn other_calls_are_served_while_one_gets_no_response() {
    let honeycomb = with_fault(Fault::NoResponse { accept: false }).await;
    let mut stream = TcpStream::connect(honeycomb.address()).await.unwrap();
    stream.write_all(&delivery()).await.unwrap();
    honeycomb.wait_for(TIMEOUT, |store| (store.call_log().request_count() == 1).then_some(())).await.unwrap();
    assert_eq!(post_spans(honeycomb.address(), &batch(vec![span(2)])).await.status, 200);
    assert_eq!(stored(&honeycomb), (1, Some(true)));
}

#[tokio::test]
async fn a_slow_response_is_complete() {
    let honeycomb = with_fault(Fault::SlowResponse { interval: Duration::from_millis(1) }).await;
    let mut stream = TcpStream::connect(honeycomb.address()).await.unwrap();
    stream.write_all(&delivery()).await.unwrap();
    let mut answer = vec![stream.read_u8().await.unwrap()];
    assert_eq!(stored(&honeycomb), (1, Some(false)), "the first byte is not the whole response");
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(RawResponse::parse(&answer).status, 200);
    assert_eq!(stored(&honeycomb), (1, Some(true)));
}

#[tokio::test]
async fn a_delayed_response_is_complete() {
    let after = Duration::from_millis(30);
    let honeycomb = with_fault(Fault::Delayed { by: after }).await;
    let start = Instant::now();
    let (answer, _) = exchange(honeycomb.address(), &delivery()).await;
    assert!(start.elapsed() >= after, "{:?}", start.elapsed());
    assert_eq!((RawResponse::parse(&answer).status, stored(&honeycomb)), (200, (1, Some(true))));
}

#[tokio::test]
async fn a_connection_serves_several_calls() {
    let honeycomb = with_fault(Fault::ServerError).await;
    let client = reqwest::Client::new();
    let mut statuses = Vec::new();
    for id in 1..=3 {
        let call = client.post(format!("{}/v1/traces", honeycomb.url())).header("x-honeycomb-team", honeycomb_key());
        let call = call.header("content-type", "application/x-protobuf").body(batch(vec![span(id)]).encode_to_vec());
        statuses.push(call.send().await.unwrap().status().as_u16());
    }
    assert_eq!((statuses, stored(&honeycomb).0), (vec![500, 200, 200], 2));
}
