//! The console: tokens for the sample users, and what the vendors' stand-ins and the logs hold, as JSON.

mod telemetry;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use crudder_vendors::Vendors;
use serde_json::{Value, json};

use crate::logs::Logs;
use crate::tokens::Tokens;

/// A handle in braces is all that the console is ever sent.
const BODY_BYTES: usize = 64 * 1024;

/// What the console shows.
#[derive(Debug, Clone)]
pub(crate) struct Console {
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) logs: Logs,
    pub(crate) vendors: Arc<Vendors>,
}

/// The list that `/` answers.
const INDEX: &str = "\
Crudder's console

POST /token {\"handle\":\"andrewbrown\"}   a token of a sample user: andrewbrown, altbrown, bayko, londo
GET  /.well-known/jwks.json              the key that checks it
GET  /api/traces                         the newest traces
GET  /api/traces/{trace_id}              one trace: spans, segments, log lines, reports; the id in X-Ray's form or in W3C's
GET  /api/logs?trace_id=                 log lines, of one trace or the newest of all
GET  /api/reports                        what Rollbar's stand-in was sent
GET  /api/letters                        dead letters among the log lines
";

/// The console's routes.
pub(crate) fn router(console: Console) -> Router {
    Router::new()
        .route("/", get(|| async { INDEX }))
        .route("/token", post(token::mint))
        .route("/.well-known/jwks.json", get(jwks))
        .route("/api/logs", get(telemetry::logs))
        .route("/api/traces", get(telemetry::traces))
        .route("/api/traces/{trace_id}", get(telemetry::trace))
        .route("/api/reports", get(telemetry::reports))
        .route("/api/letters", get(telemetry::letters))
        .fallback(|| async { refusal(StatusCode::NOT_FOUND, "not_found") })
        .method_not_allowed_fallback(|| async { refusal(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed") })
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(console)
}

async fn jwks(State(console): State<Console>) -> Response {
    answer(StatusCode::OK, &console.tokens.jwks())
}

/// An error in the API's shape: a JSON array of one string.
fn refusal(status: StatusCode, reason: &str) -> Response {
    answer(status, &json!([reason]))
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
