//! What is taken can be asked for again.

use std::time::Duration;

use crudder_fakes::TimedOut;
use opentelemetry_proto::tonic::trace::v1::Status;

use super::{honeycomb, violations};
use crate::support::{PATIENCE, TRACE, batch, post_spans, span, text};

#[tokio::test]
async fn a_batch_is_taken_and_shown_by_either_form_of_its_trace_id() {
    let honeycomb = honeycomb().await;
    let heard = post_spans(honeycomb.address(), &batch(vec![span(1), span(2)])).await;
    assert_eq!((heard.status, heard.body.len()), (200, 0), "{heard:?}");
    assert_eq!(heard.header("content-type"), Some("application/x-protobuf"));

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
async fn a_trace_in_one_line_tells_what_its_root_tells() {
    let honeycomb = honeycomb().await;
    let mut child = span(2);
    child.status = Some(Status { code: 2, message: "no such table".into() });
    post_spans(honeycomb.address(), &batch(vec![child, span(1)])).await;

    let lines = honeycomb.with_store(|store| store.traces(10));
    assert_eq!(lines.len(), 1);
    let line = &lines[0];
    assert_eq!((line.name.as_str(), line.has_root), ("GET /api/activities/home", true));
    assert_eq!((line.route.as_deref(), line.status, line.cold), (Some("/api/activities/home"), Some(200), Some(true)));
    assert_eq!((line.error, line.spans, line.error_spans), (false, 2, 1));
    assert_eq!(line.xray_trace_id, "1-5759e988-bd862e3fe1be46a994272793");
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
        honeycomb.with_store(|store| store.traces(2).iter().map(|line| line.trace_id.to_string()).collect());
    assert_eq!(last.iter().map(|id| &id[30..]).collect::<Vec<_>>(), ["02", "03"]);
}

#[tokio::test]
async fn a_waiter_is_woken_by_what_it_waits_for() {
    let honeycomb = honeycomb().await;
    let seen = honeycomb.wait_for(PATIENCE, |store| store.spans().find(|span| span.span_id.ends_with("02")).cloned());
    let batch = batch(vec![span(1), span(2)]);
    let (seen, _) = tokio::join!(seen, post_spans(honeycomb.address(), &batch));
    assert_eq!(seen.unwrap().name, "GET /api/activities/home");
}

#[tokio::test]
async fn a_waiter_hears_when_its_time_is_up() {
    let honeycomb = honeycomb().await;
    let waited = honeycomb.wait_for(Duration::from_millis(1), |store| store.spans().next().cloned()).await;
    assert_eq!(waited.unwrap_err(), TimedOut(Duration::from_millis(1)));
}

#[tokio::test]
async fn no_key_is_kept_of_a_call_that_was_taken_or_not() {
    let honeycomb = honeycomb().await;
    let secret = crate::support::honeycomb_key();
    post_spans(honeycomb.address(), &batch(vec![span(1)])).await;
    let headers = crate::support::protobuf_headers("hcaik_9999999999999999999999999999999999999999999999999999abcd");
    crate::support::call(honeycomb.address(), "POST /v1/traces", &headers, b"").await;
    let print = format!("{honeycomb:?}");
    assert!(!print.contains(&secret) && !print.contains("99999999"), "{print}");
    assert!(print.contains("…abcd"), "the mark of the wrong key is told: {print}");
    assert!(print.contains(&text("http.route", "").key), "the print does show the store: {print}");
}
