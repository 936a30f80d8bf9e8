//! Spans that the fake accepted are found in its store.

use std::time::Duration;

use crudder_fakes::TimedOut;
use crudder_testing::TIMEOUT;
use opentelemetry_proto::tonic::trace::v1::Status;

use super::{honeycomb, violations};
use crate::support::{TRACE, batch, post_spans, span, text};

#[tokio::test]
async fn a_batch_is_stored_and_found_by_either_format_of_its_trace_id() {
    let honeycomb = honeycomb().await;
    let response = post_spans(honeycomb.address(), &batch(vec![span(1), span(2)])).await;
    assert_eq!((response.status, response.body.len()), (200, 0), "{response:?}");
    assert_eq!(response.header("content-type"), Some("application/x-protobuf"));

    let trace = honeycomb.with_store(|store| store.trace(TRACE.parse().unwrap())).unwrap();
    let xray =
        honeycomb.with_store(|store| store.trace("1-5759e988-bd862e3fe1be46a994272793".parse().unwrap())).unwrap();
    assert_eq!((trace.spans.len(), xray.spans.len()), (2, 2));
    assert_eq!(trace.root().unwrap().span_id, "0101010101010101");
    assert_eq!(trace.spans[1].parent_span_id.as_deref(), Some("0101010101010101"));
    assert_eq!(trace.spans[0].attributes["http.route"], "/api/activities/home");
    assert_eq!(trace.spans[0].resource["service.name"], "crudder");
    assert_eq!(honeycomb.with_store(violations), Vec::<&str>::new());
}

#[tokio::test]
async fn a_summary_has_the_attributes_of_its_root() {
    let honeycomb = honeycomb().await;
    let mut child = span(2);
    child.status = Some(Status { code: 2, message: "no such table".into() });
    post_spans(honeycomb.address(), &batch(vec![child, span(1)])).await;

    let summaries = honeycomb.with_store(|store| store.traces(10));
    assert_eq!(summaries.len(), 1);
    let summary = &summaries[0];
    assert_eq!((summary.name.as_str(), summary.has_root), ("GET /api/activities/home", true));
    assert_eq!(
        (summary.route.as_deref(), summary.status, summary.cold),
        (Some("/api/activities/home"), Some(200), Some(true))
    );
    assert_eq!((summary.error, summary.spans, summary.error_spans), (false, 2, 1));
    assert_eq!(summary.xray_trace_id, "1-5759e988-bd862e3fe1be46a994272793");
}

#[tokio::test]
async fn traces_are_listed_newest_first() {
    let honeycomb = honeycomb().await;
    for (id, later) in [(1, 0), (2, 2_000), (3, 1_000)] {
        let mut span = span(1);
        span.trace_id[15] = id;
        span.start_time_unix_nano += later;
        post_spans(honeycomb.address(), &batch(vec![span])).await;
    }
    let last: Vec<_> =
        honeycomb.with_store(|store| store.traces(2).iter().map(|summary| summary.trace_id.to_string()).collect());
    assert_eq!(last.iter().map(|id| &id[30..]).collect::<Vec<_>>(), ["02", "03"]);
}

#[tokio::test]
async fn wait_for_returns_when_its_condition_is_met() {
    let honeycomb = honeycomb().await;
    let seen = honeycomb.wait_for(TIMEOUT, |store| store.spans().find(|span| span.span_id.ends_with("02")).cloned());
    let batch = batch(vec![span(1), span(2)]);
    let (seen, _) = tokio::join!(seen, post_spans(honeycomb.address(), &batch));
    assert_eq!(seen.unwrap().name, "GET /api/activities/home");
}

#[tokio::test]
async fn wait_for_fails_after_its_timeout() {
    let honeycomb = honeycomb().await;
    let waited = honeycomb.wait_for(Duration::from_millis(1), |store| store.spans().next().cloned()).await;
    assert_eq!(waited.unwrap_err(), TimedOut(Duration::from_millis(1)));
}

#[tokio::test]
async fn no_key_is_stored_of_an_accepted_or_rejected_call() {
    let honeycomb = honeycomb().await;
    let secret = crate::support::honeycomb_key();
    post_spans(honeycomb.address(), &batch(vec![span(1)])).await;
    let headers = crate::support::protobuf_headers("hcaik_9999999999999999999999999999999999999999999999999999abcd");
    crudder_testing::http::call(honeycomb.address(), "POST /v1/traces", &headers, b"").await;
    let print = format!("{honeycomb:?}");
    assert!(!print.contains(&secret) && !print.contains("99999999"), "{print}");
    assert!(print.contains("…abcd"), "the rejected key is logged redacted: {print}");
    assert!(print.contains(&text("http.route", "").key), "the debug output shows the store: {print}");
}
