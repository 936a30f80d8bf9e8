//! Faults of the wire: what a client sees, and what was taken nevertheless.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use crudder_fakes::Fault;
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{faulty, taken};
use crate::support::{PATIENCE, batch, exchange, heard, honeycomb_key, post_spans, protobuf_headers, request, span};

fn delivery() -> Vec<u8> {
    let key = honeycomb_key();
    request("POST /v1/traces", &protobuf_headers(&key), &batch(vec![span(1)]).encode_to_vec())
}

#[tokio::test]
async fn half_an_answer_ends_in_its_middle_and_the_batch_is_taken() {
    let honeycomb = faulty(Fault::TruncatedResponse).await;
    let (half, error) = exchange(honeycomb.address(), &delivery()).await;
    assert!(error.is_none(), "closed, not reset: {error:?}");
    assert!(half.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&half));
    assert!(!half.windows(4).any(|four| four == b"\r\n\r\n"), "{}", String::from_utf8_lossy(&half));
    assert_eq!(taken(&honeycomb), (1, Some(false)));
}

#[tokio::test]
async fn a_reset_comes_without_an_answer() {
    for accept in [false, true] {
        let honeycomb = faulty(Fault::Reset { accept }).await;
        let (nothing, error) = exchange(honeycomb.address(), &delivery()).await;
        assert_eq!(nothing, b"");
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::ConnectionReset));
        assert_eq!(taken(&honeycomb), if accept { (1, Some(false)) } else { (0, None) });
    }
}

#[tokio::test]
async fn a_cut_closes_without_an_answer() {
    for accept in [false, true] {
        let honeycomb = faulty(Fault::Closed { accept }).await;
        let (nothing, error) = exchange(honeycomb.address(), &delivery()).await;
        assert!(nothing.is_empty() && error.is_none(), "{nothing:?} {error:?}");
        assert_eq!(taken(&honeycomb), if accept { (1, Some(false)) } else { (0, None) });
    }
}

#[tokio::test]
async fn silence_lasts_until_the_stand_in_ends() {
    let honeycomb = faulty(Fault::NoResponse { accept: true }).await;
    let mut stream = TcpStream::connect(honeycomb.address()).await.unwrap();
    stream.write_all(&delivery()).await.unwrap();
    honeycomb.wait_for(PATIENCE, |store| (store.span_count() == 1).then_some(())).await.unwrap();
    assert_eq!(taken(&honeycomb), (1, Some(false)));

    honeycomb.stop_listening().await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert_eq!(answer, b"", "not a byte came while the connection was open");
}

#[tokio::test]
async fn a_silent_stand_in_serves_others_meanwhile() {
    let honeycomb = faulty(Fault::NoResponse { accept: false }).await;
    let mut stream = TcpStream::connect(honeycomb.address()).await.unwrap();
    stream.write_all(&delivery()).await.unwrap();
    honeycomb.wait_for(PATIENCE, |store| (store.call_log().request_count() == 1).then_some(())).await.unwrap();
    assert_eq!(post_spans(honeycomb.address(), &batch(vec![span(2)])).await.status, 200);
    assert_eq!(taken(&honeycomb), (1, Some(true)));
}

#[tokio::test]
async fn a_drip_sends_the_whole_answer_byte_by_byte() {
    let honeycomb = faulty(Fault::SlowResponse { interval: Duration::from_millis(1) }).await;
    let mut stream = TcpStream::connect(honeycomb.address()).await.unwrap();
    stream.write_all(&delivery()).await.unwrap();
    let mut answer = vec![stream.read_u8().await.unwrap()];
    assert_eq!(taken(&honeycomb), (1, Some(false)), "the first byte is no answer yet");
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(heard(&answer).status, 200);
    assert_eq!(taken(&honeycomb), (1, Some(true)));
}

#[tokio::test]
async fn a_late_answer_is_whole_and_late() {
    let after = Duration::from_millis(30);
    let honeycomb = faulty(Fault::Delayed { by: after }).await;
    let start = Instant::now();
    let (answer, _) = exchange(honeycomb.address(), &delivery()).await;
    assert!(start.elapsed() >= after, "{:?}", start.elapsed());
    assert_eq!((heard(&answer).status, taken(&honeycomb)), (200, (1, Some(true))));
}

#[tokio::test]
async fn a_connection_that_has_met_no_fault_serves_call_after_call() {
    let honeycomb = faulty(Fault::ServerError).await;
    let client = reqwest::Client::new();
    let mut statuses = Vec::new();
    for id in 1..=3 {
        let call = client.post(format!("{}/v1/traces", honeycomb.url())).header("x-honeycomb-team", honeycomb_key());
        let call = call.header("content-type", "application/x-protobuf").body(batch(vec![span(id)]).encode_to_vec());
        statuses.push(call.send().await.unwrap().status().as_u16());
    }
    assert_eq!((statuses, taken(&honeycomb).0), (vec![500, 200, 200], 2));
}
