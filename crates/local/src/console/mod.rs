//! The console: a page that shows what became of each request, and the JSON behind it.

mod about;
mod assets;
mod destinations;
mod guard;
mod requests;
mod respond;
mod send;
mod state;
mod telemetry;
mod token;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::routing::{any, get, post};

use respond::error;
pub(crate) use state::{About, ApiClient, Console};

/// The longest body. The console receives a handle or a post at most.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// Returns the routes of the console.
pub(crate) fn router(console: Console) -> Router {
    Router::new()
        .route("/", get(assets::page))
        .route("/page/{*name}", get(assets::asset))
        .route("/token", post(token::mint))
        .route("/.well-known/jwks.json", get(token::jwks))
        .route("/api/about", get(about::about))
        .route("/api/requests", get(requests::list))
        .route("/api/requests/stream", get(requests::stream))
        .route("/api/map", get(requests::map))
        .route("/api/logs", get(telemetry::logs))
        .route("/api/traces", get(telemetry::traces))
        .route("/api/traces/{trace_id}", get(telemetry::trace))
        .route("/api/reports", get(telemetry::reports))
        .route("/api/letters", get(telemetry::dead_letters))
        .route("/send/{*path}", any(send::send))
        .fallback(|| async { error(StatusCode::NOT_FOUND, "not_found") })
        .method_not_allowed_fallback(|| async { error(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed") })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn(guard::guard))
        .with_state(console)
}
