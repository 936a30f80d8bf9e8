//! Faults that are status codes, with Honeycomb's messages.

use std::time::Duration;

use crudder_fakes::{Fault, RetryAfter};
use crudder_testing::http::{RawResponse, call};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;

use super::{stored, with_fault};
use crate::support::{batch, honeycomb_key, post_spans, span, text};

/// `google.rpc.Status` as a client decodes it.
#[derive(Clone, PartialEq, prost::Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

fn message(response: &RawResponse) -> String {
    Status::decode(response.body.as_slice()).unwrap().message
}

/// Returns the response to a delivery that meets this fault. It is not stored, and the next one is.
async fn rejected(fault: Fault) -> RawResponse {
    let honeycomb = with_fault(fault).await;
    let response = post_spans(honeycomb.address(), &batch(vec![span(1)])).await;
    assert_eq!(stored(&honeycomb), (0, None), "the delivery is not stored");
    assert_eq!(
        post_spans(honeycomb.address(), &batch(vec![span(1)])).await.status,
        200,
        "only one call meets the fault"
    );
    assert_eq!(honeycomb.with_store(|store| store.call_log().rejection_count()), 1);
    response
}

#[tokio::test]
async fn a_throttled_call_can_lack_retry_after() {
    let response = rejected(Fault::Throttled(RetryAfter::Absent)).await;
    assert_eq!((response.status, response.header("retry-after")), (429, None));
    assert_eq!(message(&response), "Request dropped due to rate limiting");
}

#[tokio::test]
async fn a_throttled_call_can_have_retry_after_in_seconds() {
    let response = rejected(Fault::Throttled(RetryAfter::Seconds(7))).await;
    assert_eq!((response.status, response.header("retry-after")), (429, Some("7")));
}

#[tokio::test]
async fn a_throttled_call_can_have_retry_after_as_a_date() {
    let response = rejected(Fault::Throttled(RetryAfter::DateIn(Duration::from_secs(10)))).await;
    assert_eq!((response.status, response.header("retry-after")), (429, Some("Mon, 21 Sep 2026 14:13:30 GMT")));
}

#[tokio::test]
async fn unknown_key_disabled_key_and_throttled_account_have_different_messages() {
    let unknown = rejected(Fault::Unauthorized).await;
    assert_eq!(
        (unknown.status, message(&unknown).as_str()),
        (401, "unknown API key - check your credentials, region, and API URL")
    );
    let disabled = rejected(Fault::ForbiddenKey).await;
    assert_eq!((disabled.status, message(&disabled).as_str()), (403, "attempted to use disabled API key"));
    let throttled = rejected(Fault::ForbiddenThrottling).await;
    assert_eq!(
        (throttled.status, message(&throttled).as_str()),
        (403, "Event dropped due to administrative throttling")
    );
}

#[tokio::test]
async fn each_status_can_be_injected() {
    let faults = [
        (Fault::TooLarge, 413),
        (Fault::ServerError, 500),
        (Fault::BadGateway, 502),
        (Fault::Unavailable(RetryAfter::Absent), 503),
        (Fault::GatewayTimeout, 504),
    ];
    for (fault, status) in faults {
        assert_eq!(rejected(fault.clone()).await.status, status, "{fault:?}");
    }
}

#[tokio::test]
async fn a_503_can_have_retry_after() {
    let response = rejected(Fault::Unavailable(RetryAfter::Seconds(30))).await;
    assert_eq!((response.status, response.header("retry-after")), (503, Some("30")));
}

#[tokio::test]
async fn an_error_has_the_encoding_of_the_call() {
    let honeycomb = with_fault(Fault::ServerError).await;
    let key = honeycomb_key();
    let headers = [("content-type", "application/json"), ("x-honeycomb-team", key.as_str())];
    let response = call(honeycomb.address(), "POST /v1/traces", &headers, b"{}").await;
    assert_eq!((response.status, response.json()["message"].as_str()), (500, Some("internal server error")));
}

#[tokio::test]
async fn a_partial_success_accepts_the_rest_and_returns_the_rejected_count() {
    let honeycomb = with_fault(Fault::PartialSuccess { rejected: 2, message: "2 spans had no name".into() }).await;
    let response = post_spans(honeycomb.address(), &batch(vec![span(1), span(2), span(3)])).await;
    let partial = ExportTraceServiceResponse::decode(response.body.as_slice()).unwrap().partial_success.unwrap();
    assert_eq!((response.status, partial.rejected_spans), (200, 2));
    assert_eq!(partial.error_message, "2 spans had no name");
    assert_eq!(stored(&honeycomb), (1, Some(true)));
    assert_eq!(honeycomb.with_store(|store| store.rejected_spans()), 2);
}

#[tokio::test]
async fn a_partial_success_that_rejects_no_span_is_a_warning() {
    let honeycomb = with_fault(Fault::PartialSuccess { rejected: 0, message: "old library".into() }).await;
    let response = post_spans(honeycomb.address(), &batch(vec![span(1)])).await;
    let partial = ExportTraceServiceResponse::decode(response.body.as_slice()).unwrap().partial_success.unwrap();
    assert_eq!((partial.rejected_spans, partial.error_message.as_str()), (0, "old library"));
    assert_eq!(stored(&honeycomb).0, 1);
}

#[tokio::test]
async fn a_poisoned_span_rejects_only_its_own_batch() {
    let poison = Fault::Poisoned { key: "app.poison".into(), value: "yes".into() };
    let honeycomb = with_fault(poison).await;
    let mut bad = span(2);
    bad.attributes.push(text("app.poison", "yes"));
    let poisoned = batch(vec![span(1), bad]);
    assert_eq!(
        post_spans(honeycomb.address(), &batch(vec![span(3)])).await.status,
        200,
        "a batch without the marker is accepted"
    );
    assert_eq!(honeycomb.faults().active_plans(), 1, "the plan is not used up");
    assert_eq!(post_spans(honeycomb.address(), &poisoned).await.status, 400);
    assert_eq!(stored(&honeycomb).0, 1);
}

#[tokio::test]
async fn a_plan_does_not_affect_calls_other_than_deliveries() {
    let honeycomb = with_fault(Fault::ServerError).await;
    let key = honeycomb_key();
    let response = call(honeycomb.address(), "GET /1/auth", &[("x-honeycomb-team", &key)], b"").await;
    assert_eq!(response.status, 200);
    assert_eq!(honeycomb.faults().active_plans(), 1);
}
