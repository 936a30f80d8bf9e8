//! Duplicate deliveries, and when a fake expects them.

use crudder_fakes::{Fault, Rollbar, RollbarConfig};
use crudder_testing::http::{call, exchange, request};

use super::with_fault;
use crate::support::{batch, item, now, post_spans, rollbar_token, span};

#[tokio::test]
async fn a_span_sent_again_after_a_lost_response_is_an_expected_duplicate() {
    let honeycomb = with_fault(Fault::Closed { accept: true }).await;
    let key = crate::support::honeycomb_key();
    let bytes = prost::Message::encode_to_vec(&batch(vec![span(1)]));
    let sent = request("POST /v1/traces", &crate::support::protobuf_headers(&key), &bytes);
    exchange(honeycomb.address(), &sent).await;
    exchange(honeycomb.address(), &sent).await;
    honeycomb.with_store(|store| {
        assert_eq!((store.expected_duplicates(), store.unexpected_duplicates()), (1, 0));
        assert_eq!(store.call_log().violation_count(), 0);
        let duplicate = store.duplicates().next().unwrap();
        assert_eq!((duplicate.earlier_deliveries.as_slice(), duplicate.delivery), (&[1][..], 2));
        assert!(duplicate.is_expected);
    });
}

#[tokio::test]
async fn a_span_sent_again_after_a_response_is_a_violation() {
    let honeycomb = with_fault(Fault::Closed { accept: false }).await;
    honeycomb.faults().clear();
    post_spans(honeycomb.address(), &batch(vec![span(1)])).await;
    post_spans(honeycomb.address(), &batch(vec![span(1)])).await;
    honeycomb.with_store(|store| {
        assert_eq!((store.expected_duplicates(), store.unexpected_duplicates()), (0, 1));
        assert_eq!(
            store.call_log().violations().map(|violation| violation.rule).collect::<Vec<_>>(),
            ["span-duplicate"]
        );
    });
}

#[tokio::test]
async fn a_span_twice_in_one_batch_is_an_unexpected_duplicate() {
    let honeycomb = with_fault(Fault::Closed { accept: true }).await;
    honeycomb.faults().clear();
    post_spans(honeycomb.address(), &batch(vec![span(1), span(1)])).await;
    assert_eq!(honeycomb.with_store(|store| store.unexpected_duplicates()), 1);
}

#[tokio::test]
async fn a_duplicate_item_is_discarded_and_counted() {
    let rollbar = Rollbar::start(RollbarConfig { clock: now, ..RollbarConfig::default() }).await.unwrap();
    rollbar.faults().inject_next(Fault::Reset { accept: true }).unwrap();
    let token = rollbar_token();
    let headers = [("content-type", "application/json"), ("x-rollbar-access-token", token.as_str())];
    let body = item("one").to_string();
    let sent = request("POST /api/1/item/", &headers, body.as_bytes());
    exchange(rollbar.address(), &sent).await;
    let second = call(rollbar.address(), "POST /api/1/item/", &headers, body.as_bytes()).await;
    assert_eq!((second.status, second.json()["result"]["uuid"].as_str()), (200, Some("one")));
    assert_eq!(
        rollbar.with_store(|store| (store.item_count(), store.duplicate_items(), store.unexpected_duplicates())),
        (1, 1, 0)
    );
}
