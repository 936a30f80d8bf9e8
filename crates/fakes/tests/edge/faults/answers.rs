//! Faults that are answers, in Honeycomb's words.

use std::time::Duration;

use crudder_fakes::{Fault, RetryAfter};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;

use super::{faulty, taken};
use crate::support::{Heard, batch, call, honeycomb_key, post_spans, span, text};

/// `google.rpc.Status` as a client knows it.
#[derive(Clone, PartialEq, prost::Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

fn said(heard: &Heard) -> String {
    Status::decode(heard.body.as_slice()).unwrap().message
}

/// The answer to a delivery that meets this fault; nothing is taken, and the one after it is.
async fn refused(fault: Fault) -> Heard {
    let honeycomb = faulty(fault).await;
    let heard = post_spans(honeycomb.address(), &batch(vec![span(1)])).await;
    assert_eq!(taken(&honeycomb), (0, None), "nothing is taken");
    assert_eq!(post_spans(honeycomb.address(), &batch(vec![span(1)])).await.status, 200, "only one call is struck");
    assert_eq!(honeycomb.with_store(|store| store.call_log().rejection_count()), 1);
    heard
}

#[tokio::test]
async fn a_throttled_call_is_told_nothing_of_when_to_come_back() {
    let heard = refused(Fault::Throttled(RetryAfter::Absent)).await;
    assert_eq!((heard.status, heard.header("retry-after")), (429, None));
    assert_eq!(said(&heard), "Request dropped due to rate limiting");
}

#[tokio::test]
async fn a_throttled_call_is_told_the_seconds() {
    let heard = refused(Fault::Throttled(RetryAfter::Seconds(7))).await;
    assert_eq!((heard.status, heard.header("retry-after")), (429, Some("7")));
}

#[tokio::test]
async fn a_throttled_call_is_told_a_date() {
    let heard = refused(Fault::Throttled(RetryAfter::DateIn(Duration::from_secs(10)))).await;
    assert_eq!((heard.status, heard.header("retry-after")), (429, Some("Mon, 21 Sep 2026 14:13:30 GMT")));
}

#[tokio::test]
async fn an_unknown_key_and_a_disabled_one_and_a_throttled_account_have_words_of_their_own() {
    let unknown = refused(Fault::Unauthorized).await;
    assert_eq!(
        (unknown.status, said(&unknown).as_str()),
        (401, "unknown API key - check your credentials, region, and API URL")
    );
    let disabled = refused(Fault::ForbiddenKey).await;
    assert_eq!((disabled.status, said(&disabled).as_str()), (403, "attempted to use disabled API key"));
    let throttled = refused(Fault::ForbiddenThrottling).await;
    assert_eq!((throttled.status, said(&throttled).as_str()), (403, "Event dropped due to administrative throttling"));
}

#[tokio::test]
async fn each_status_can_be_had() {
    let faults = [
        (Fault::TooLarge, 413),
        (Fault::ServerError, 500),
        (Fault::BadGateway, 502),
        (Fault::Unavailable(RetryAfter::Absent), 503),
        (Fault::GatewayTimeout, 504),
    ];
    for (fault, status) in faults {
        assert_eq!(refused(fault.clone()).await.status, status, "{fault:?}");
    }
}

#[tokio::test]
async fn an_unavailable_vendor_tells_when_to_come_back() {
    let heard = refused(Fault::Unavailable(RetryAfter::Seconds(30))).await;
    assert_eq!((heard.status, heard.header("retry-after")), (503, Some("30")));
}

#[tokio::test]
async fn an_error_is_told_in_the_encoding_of_the_call() {
    let honeycomb = faulty(Fault::ServerError).await;
    let key = honeycomb_key();
    let headers = [("content-type", "application/json"), ("x-honeycomb-team", key.as_str())];
    let heard = call(honeycomb.address(), "POST /v1/traces", &headers, b"{}").await;
    assert_eq!((heard.status, heard.json()["message"].as_str()), (500, Some("internal server error")));
}

#[tokio::test]
async fn a_partial_success_takes_the_rest_and_tells_the_number() {
    let honeycomb = faulty(Fault::PartialSuccess { rejected: 2, message: "2 spans had no name".into() }).await;
    let heard = post_spans(honeycomb.address(), &batch(vec![span(1), span(2), span(3)])).await;
    let partial = ExportTraceServiceResponse::decode(heard.body.as_slice()).unwrap().partial_success.unwrap();
    assert_eq!((heard.status, partial.rejected_spans), (200, 2));
    assert_eq!(partial.error_message, "2 spans had no name");
    assert_eq!(taken(&honeycomb), (1, Some(true)));
    assert_eq!(honeycomb.with_store(|store| store.rejected_spans()), 2);
}

#[tokio::test]
async fn a_partial_success_of_none_is_a_warning_and_takes_all() {
    let honeycomb = faulty(Fault::PartialSuccess { rejected: 0, message: "old library".into() }).await;
    let heard = post_spans(honeycomb.address(), &batch(vec![span(1)])).await;
    let partial = ExportTraceServiceResponse::decode(heard.body.as_slice()).unwrap().partial_success.unwrap();
    assert_eq!((partial.rejected_spans, partial.error_message.as_str()), (0, "old library"));
    assert_eq!(taken(&honeycomb).0, 1);
}

#[tokio::test]
async fn a_poisoned_span_spoils_its_batch_and_no_other() {
    let poison = Fault::Poisoned { key: "app.poison".into(), value: "yes".into() };
    let honeycomb = faulty(poison).await;
    let mut bad = span(2);
    bad.attributes.push(text("app.poison", "yes"));
    let spoilt = batch(vec![span(1), bad]);
    assert_eq!(post_spans(honeycomb.address(), &batch(vec![span(3)])).await.status, 200, "a clean batch passes");
    assert_eq!(honeycomb.faults().active_plans(), 1, "and leaves the plan as it was");
    assert_eq!(post_spans(honeycomb.address(), &spoilt).await.status, 400);
    assert_eq!(taken(&honeycomb).0, 1);
}

#[tokio::test]
async fn other_calls_than_deliveries_are_left_alone() {
    let honeycomb = faulty(Fault::ServerError).await;
    let key = honeycomb_key();
    let heard = call(honeycomb.address(), "GET /1/auth", &[("x-honeycomb-team", &key)], b"").await;
    assert_eq!(heard.status, 200);
    assert_eq!(honeycomb.faults().active_plans(), 1);
}
