//! What left for each plane on account of one trace: the bytes, as far as they are still held.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crudder_fakes::{Item, TraceId};
use serde_json::{Value, json};

use super::Console;

/// The line that X-Ray's daemon wants before each document of a datagram.
const DATAGRAM_HEADER: &str = r#"{"format":"json","version":1}"#;

/// The documents: each is one datagram, or one of a call where no daemon answered the layer.
pub(super) fn documents(console: &Console, trace: TraceId) -> Vec<Value> {
    let by_daemon = console.vendors.xray.with_store(|store| store.documents_of(trace));
    let by_api = console.vendors.xray_api.with_store(|store| store.documents_of(trace));
    let shown = |header: Option<&'static str>| {
        move |document: &std::sync::Arc<crudder_fakes::Document>| {
            let (name, raw) = (&document.name, &document.raw);
            json!({ "id": document.id, "name": name, "received_ms": document.received_ms, "header": header, "raw": raw })
        }
    };
    let by_daemon = by_daemon.iter().map(shown(Some(DATAGRAM_HEADER)));
    by_daemon.chain(by_api.iter().map(shown(None))).collect()
}

/// The calls to Honeycomb that brought spans of the trace. A batch may hold spans of other traces too: it is what left.
pub(super) fn batches(console: &Console, trace: TraceId) -> Vec<Value> {
    console.vendors.honeycomb.with_store(|store| {
        let spans = store.trace(trace).map(|trace| trace.spans).unwrap_or_default();
        let mut numbers: Vec<u64> = spans.iter().map(|span| span.delivery.number()).collect();
        numbers.dedup();
        let shown = |number: u64| {
            let ours = spans.iter().filter(|span| span.delivery.number() == number).count();
            let Some(batch) = store.batch(number) else { return json!({ "number": number, "spans_of_trace": ours }) };
            let body = batch.body.as_ref().map(|body| STANDARD.encode(body));
            json!({
                "number": number, "spans_of_trace": ours, "spans": batch.spans, "received_ms": batch.received_ms,
                "headers": batch.headers, "bytes": batch.bytes, "body": body,
            })
        };
        numbers.into_iter().map(shown).collect()
    })
}

/// The items, each with what Rollbar would count under its fingerprint.
pub(super) fn reports(console: &Console, trace: TraceId) -> Vec<Value> {
    console.vendors.rollbar.with_store(|store| {
        let alike = |one: &Item, other: &Item| {
            one.environment == other.environment && one.data["fingerprint"] == other.data["fingerprint"]
        };
        let shown = |item: &Item| {
            let mut times: Vec<u64> =
                store.items().filter(|other| alike(item, other)).map(|other| other.received_ms).collect();
            times.sort_unstable();
            let mut shown = json!(item);
            shown["occurrences"] = json!({ "count": times.len(), "first_ms": times.first(), "last_ms": times.last() });
            shown
        };
        store.items_of(trace).map(shown).collect()
    })
}
