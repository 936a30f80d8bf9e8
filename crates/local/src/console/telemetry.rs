//! What became of requests: traces, log lines, reports and dead letters, as the fakes and the logs hold them.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use crudder_fakes::TraceId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Console, answer, planes, refusal};

/// Traces and reports handed out at once, the newest.
const SHOWN: usize = 100;

#[derive(Deserialize)]
pub(super) struct Wanted {
    trace_id: Option<String>,
}

pub(super) async fn logs(State(console): State<Console>, Query(wanted): Query<Wanted>) -> Response {
    let lines = console.logs.lines(wanted.trace_id.as_deref().filter(|id| !id.is_empty()));
    answer(StatusCode::OK, &json!({ "lines": lines, "dropped": console.logs.dropped() }))
}

pub(super) async fn traces(State(console): State<Console>) -> Response {
    let traces = console.vendors.honeycomb.with_store(|store| store.traces(SHOWN));
    // A trace whose layer is missing, or has not sent yet, is known to X-Ray alone.
    let segments = console.vendors.xray.with_store(|store| store.trace_ids().collect::<Vec<_>>());
    let xray_only: Vec<_> =
        segments.into_iter().filter(|id| !traces.iter().any(|trace| trace.trace_id == *id)).collect();
    let newest = &xray_only[xray_only.len().saturating_sub(SHOWN)..];
    answer(
        StatusCode::OK,
        &json!({ "traces": traces, "xray_only": newest.iter().map(TraceId::xray).collect::<Vec<_>>() }),
    )
}

pub(super) async fn trace(State(console): State<Console>, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<TraceId>() else {
        return refusal(StatusCode::BAD_REQUEST, "trace_id_malformed");
    };
    let honeycomb = console.vendors.honeycomb.with_store(|store| store.trace(id));
    let spans = honeycomb.map(|trace| trace.spans.iter().map(|span| json!(**span)).collect::<Vec<_>>());
    let segments = console.vendors.xray.with_store(|store| store.tree(id));
    let lines = console.logs.lines(Some(&id.to_string()));
    let reports = planes::reports(&console, id);
    // A client may ask several times under one id.
    let requests = console.requests.newest(SHOWN, |entry| entry.trace == id);
    if spans.is_none() && segments.is_empty() && lines.is_empty() && reports.is_empty() && requests.is_empty() {
        return refusal(StatusCode::NOT_FOUND, "not_found");
    }
    let found = json!({
        "trace_id": id, "xray_trace_id": id.xray(), "spans": spans.unwrap_or_default(), "segments": segments,
        "lines": lines, "reports": reports, "requests": requests, "documents": planes::documents(&console, id),
        "batches": planes::batches(&console, id),
    });
    answer(StatusCode::OK, &found)
}

pub(super) async fn reports(State(console): State<Console>) -> Response {
    let newest = |items: Vec<Value>| json!({ "reports": items });
    let items =
        console.vendors.rollbar.with_store(|store| store.items().rev().take(SHOWN).map(|item| json!(item)).collect());
    answer(StatusCode::OK, &newest(items))
}

pub(super) async fn letters(State(console): State<Console>) -> Response {
    answer(StatusCode::OK, &json!({ "letters": console.logs.messages("dead letter") }))
}
