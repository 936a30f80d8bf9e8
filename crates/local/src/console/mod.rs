//! The console: a page that shows what becomes of requests, and the JSON behind it; tokens for the sample users.

mod about;
mod assets;
mod guard;
mod planes;
mod requests;
mod send;
mod telemetry;
mod token;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use crudder_fakes::Fakes;
use serde_json::{Value, json};

use crate::logs::Logs;
use crate::requests::Requests;
use crate::tokens::Tokens;

pub(crate) use about::About;
pub(crate) use send::Sender;

/// A handle in braces or a post is all that the console is ever sent.
const BODY_BYTES: usize = 64 * 1024;

/// What the console shows.
#[derive(Debug, Clone)]
pub(crate) struct Console {
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) logs: Logs,
    pub(crate) vendors: Arc<Fakes>,
    pub(crate) requests: Requests,
    /// Where the API is.
    pub(crate) api: SocketAddr,
    pub(crate) about: About,
    pub(crate) sender: Sender,
}

/// The console's routes.
pub(crate) fn router(console: Console) -> Router {
    Router::new()
        .route("/", get(assets::page))
        .route("/page/{*name}", get(assets::asset))
        .route("/token", post(token::mint))
        .route("/.well-known/jwks.json", get(jwks))
        .route("/api/about", get(about::tell))
        .route("/api/requests", get(requests::list))
        .route("/api/requests/stream", get(requests::stream))
        .route("/api/map", get(requests::map))
        .route("/api/logs", get(telemetry::logs))
        .route("/api/traces", get(telemetry::traces))
        .route("/api/traces/{trace_id}", get(telemetry::trace))
        .route("/api/reports", get(telemetry::reports))
        .route("/api/letters", get(telemetry::letters))
        .route("/send/{*path}", any(send::send))
        .fallback(|| async { refusal(StatusCode::NOT_FOUND, "not_found") })
        .method_not_allowed_fallback(|| async { refusal(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed") })
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn(guard::guard))
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
