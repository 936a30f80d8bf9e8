//! What comes twice, and when that is excused.

use crudder_fakes::{Fault, Rollbar, RollbarConfig};

use super::faulty;
use crate::support::{batch, call, exchange, item, now, post_spans, request, rollbar_token, span};

#[tokio::test]
async fn a_span_that_comes_again_after_a_lost_answer_is_excused() {
    let honeycomb = faulty(Fault::Closed { accept: true }).await;
    let key = crate::support::honeycomb_key();
    let bytes = prost::Message::encode_to_vec(&batch(vec![span(1)]));
    let sent = request("POST /v1/traces", &crate::support::protobuf_headers(&key), &bytes);
    exchange(honeycomb.address(), &sent).await;
    exchange(honeycomb.address(), &sent).await;
    honeycomb.with_store(|store| {
        assert_eq!((store.expected_duplicates(), store.unexpected_duplicates()), (1, 0));
        assert_eq!(store.call_log().violation_count(), 0);
        let again = store.duplicates().next().unwrap();
        assert_eq!((again.before.as_slice(), again.again, again.is_excused), (&[1][..], 2, true));
    });
}

#[tokio::test]
async fn a_span_that_comes_again_after_an_answer_is_complained_of() {
    let honeycomb = faulty(Fault::Closed { accept: false }).await;
    honeycomb.faults().clear();
    post_spans(honeycomb.address(), &batch(vec![span(1)])).await;
    post_spans(honeycomb.address(), &batch(vec![span(1)])).await;
    honeycomb.with_store(|store| {
        assert_eq!((store.expected_duplicates(), store.unexpected_duplicates()), (0, 1));
        assert_eq!(store.call_log().violations().map(|violation| violation.rule).collect::<Vec<_>>(), ["span-twice"]);
    });
}

#[tokio::test]
async fn a_span_twice_in_one_batch_is_complained_of() {
    let honeycomb = faulty(Fault::Closed { accept: true }).await;
    honeycomb.faults().clear();
    post_spans(honeycomb.address(), &batch(vec![span(1), span(1)])).await;
    assert_eq!(honeycomb.with_store(|store| store.unexpected_duplicates()), 1);
}

#[tokio::test]
async fn an_item_that_comes_again_is_thrown_away_and_counted() {
    let rollbar = Rollbar::start(RollbarConfig { clock: now, ..RollbarConfig::default() }).await.unwrap();
    rollbar.faults().inject_next(Fault::Reset { accept: true }).unwrap();
    let token = rollbar_token();
    let headers = [("content-type", "application/json"), ("x-rollbar-access-token", token.as_str())];
    let body = item("one").to_string();
    let sent = request("POST /api/1/item/", &headers, body.as_bytes());
    exchange(rollbar.address(), &sent).await;
    let again = call(rollbar.address(), "POST /api/1/item/", &headers, body.as_bytes()).await;
    assert_eq!((again.status, again.json()["result"]["uuid"].as_str()), (200, Some("one")));
    assert_eq!(
        rollbar.with_store(|store| (store.item_count(), store.duplicate_items(), store.unexpected_duplicates())),
        (1, 1, 0)
    );
}
