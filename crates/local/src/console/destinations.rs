//! The bytes that each destination received for one trace, as far as they are still stored.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crudder_fakes::{Document, Item, TraceId};
use serde_json::{Value, json};

use super::state::Console;

/// The line that the X-Ray daemon requires before each document of a datagram.
const DATAGRAM_HEADER: &str = r#"{"format":"json","version":1}"#;

/// Returns the documents. Each was one datagram, or came in an API call if no daemon answered.
pub(super) fn documents(console: &Console, trace: TraceId) -> Vec<Value> {
    let from_daemon = console.fakes.xray.with_store(|store| store.documents_of(trace));
    let from_api = console.fakes.xray_api.with_store(|store| store.documents_of(trace));
    let with_header = |header: Option<&'static str>| {
        move |document: &Arc<Document>| {
            let (name, raw) = (&document.name, &document.raw);
            json!({ "id": document.id, "name": name, "received_ms": document.received_ms, "header": header, "raw": raw })
        }
    };
    let from_daemon = from_daemon.iter().map(with_header(Some(DATAGRAM_HEADER)));
    from_daemon.chain(from_api.iter().map(with_header(None))).collect()
}

/// Returns the calls to Honeycomb with spans of the trace. A batch may have spans of other traces
/// too.
pub(super) fn batches(console: &Console, trace: TraceId) -> Vec<Value> {
    console.fakes.honeycomb.with_store(|store| {
        let spans = store.trace(trace).map(|trace| trace.spans).unwrap_or_default();
        let mut numbers: Vec<u64> = spans.iter().map(|span| span.delivery.number()).collect();
        numbers.dedup();
        let batch = |number: u64| {
            let of_trace = spans.iter().filter(|span| span.delivery.number() == number).count();
            let Some(batch) = store.batch(number) else {
                return json!({ "number": number, "spans_of_trace": of_trace });
            };
            let body = batch.body.as_ref().map(|body| STANDARD.encode(body));
            json!({
                "number": number, "spans_of_trace": of_trace, "spans": batch.spans, "received_ms": batch.received_ms,
                "headers": batch.headers, "bytes": batch.bytes, "body": body,
            })
        };
        numbers.into_iter().map(batch).collect()
    })
}

/// Returns the items, each with the occurrences that Rollbar would count for its fingerprint.
pub(super) fn reports(console: &Console, trace: TraceId) -> Vec<Value> {
    console.fakes.rollbar.with_store(|store| {
        let is_same = |one: &Item, other: &Item| {
            one.environment == other.environment && one.data["fingerprint"] == other.data["fingerprint"]
        };
        let with_occurrences = |item: &Item| {
            let mut times: Vec<u64> =
                store.items().filter(|other| is_same(item, other)).map(|other| other.received_ms).collect();
            times.sort_unstable();
            let mut fields = json!(item);
            fields["occurrences"] = json!({ "count": times.len(), "first_ms": times.first(), "last_ms": times.last() });
            fields
        };
        store.items_of(trace).map(with_occurrences).collect()
    })
}
