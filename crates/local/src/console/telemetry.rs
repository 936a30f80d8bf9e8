//! Traces, log lines, reports and dead letters, from the fakes and the logs.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use crudder_fakes::TraceId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::destinations;
use super::respond::{error, json_body};
use super::state::Console;

/// The most traces, reports and requests in one response: the newest.
const MAX_LISTED: usize = 100;

#[derive(Deserialize)]
pub(super) struct LogQuery {
    trace_id: Option<String>,
}

/// `GET /api/logs?trace_id=`: the newest log lines, of one trace or of all.
pub(super) async fn logs(State(console): State<Console>, Query(query): Query<LogQuery>) -> Response {
    let lines = console.logs.lines(query.trace_id.as_deref().filter(|id| !id.is_empty()));
    json_body(StatusCode::OK, &json!({ "lines": lines, "dropped": console.logs.dropped() }))
}

/// `GET /api/traces`: the newest traces.
pub(super) async fn traces(State(console): State<Console>) -> Response {
    let traces = console.fakes.honeycomb.with_store(|store| store.traces(MAX_LISTED));
    // Only X-Ray has a trace if there is no layer, or the extension has not exported yet.
    let segments = console.fakes.xray.with_store(|store| store.trace_ids().collect::<Vec<_>>());
    let xray_only: Vec<_> =
        segments.into_iter().filter(|id| !traces.iter().any(|trace| trace.trace_id == *id)).collect();
    let newest = &xray_only[xray_only.len().saturating_sub(MAX_LISTED)..];
    json_body(
        StatusCode::OK,
        &json!({ "traces": traces, "xray_only": newest.iter().map(TraceId::xray).collect::<Vec<_>>() }),
    )
}

/// `GET /api/traces/{trace_id}`: everything about one trace.
pub(super) async fn trace(State(console): State<Console>, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<TraceId>() else {
        return error(StatusCode::BAD_REQUEST, "trace_id_malformed");
    };
    let honeycomb = console.fakes.honeycomb.with_store(|store| store.trace(id));
    let spans = honeycomb.map(|trace| trace.spans.iter().map(|span| json!(**span)).collect::<Vec<_>>());
    let segments = console.fakes.xray.with_store(|store| store.tree(id));
    let lines = console.logs.lines(Some(&id.to_string()));
    let reports = destinations::reports(&console, id);
    // A client may send several requests with one trace id.
    let requests = console.requests.newest(MAX_LISTED, |entry| entry.trace == id);
    if spans.is_none() && segments.is_empty() && lines.is_empty() && reports.is_empty() && requests.is_empty() {
        return error(StatusCode::NOT_FOUND, "not_found");
    }
    let found = json!({
        "trace_id": id, "xray_trace_id": id.xray(), "spans": spans.unwrap_or_default(), "segments": segments,
        "lines": lines, "reports": reports, "requests": requests, "documents": destinations::documents(&console, id),
        "batches": destinations::batches(&console, id),
    });
    json_body(StatusCode::OK, &found)
}

/// `GET /api/reports`: the newest Rollbar items.
pub(super) async fn reports(State(console): State<Console>) -> Response {
    let items: Vec<Value> = console
        .fakes
        .rollbar
        .with_store(|store| store.items().rev().take(MAX_LISTED).map(|item| json!(item)).collect());
    json_body(StatusCode::OK, &json!({ "reports": items }))
}

/// `GET /api/letters`: the dead letters among the log lines.
pub(super) async fn dead_letters(State(console): State<Console>) -> Response {
    json_body(StatusCode::OK, &json!({ "letters": console.logs.messages("dead letter") }))
}
