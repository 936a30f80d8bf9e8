//! Sign-in of the sample users, and the public key of their tokens.

use std::time::SystemTime;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::respond::{error, json_body};
use super::state::Console;
use crate::seed::SAMPLE_USERS;

/// `POST /token {"handle":"andrewbrown"}`: returns an access token of a sample user.
pub(super) async fn mint(State(console): State<Console>, body: Bytes) -> Response {
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return error(StatusCode::BAD_REQUEST, "malformed_json");
    };
    // Pages show a handle with an `@` that is not part of it.
    let Some(handle) = body["handle"].as_str().map(|handle| handle.trim_start_matches('@')) else {
        return error(StatusCode::UNPROCESSABLE_ENTITY, "handle_blank");
    };
    let Some(user) = SAMPLE_USERS.iter().find(|user| user.handle.eq_ignore_ascii_case(handle)) else {
        return error(StatusCode::NOT_FOUND, "not_found");
    };
    match console.tokens.mint(user.sub, SystemTime::now()) {
        Ok(token) => json_body(StatusCode::OK, &json!({ "access_token": token })),
        Err(cause) => {
            tracing::error!("failed to {cause}");
            error(StatusCode::INTERNAL_SERVER_ERROR, "generic_500")
        }
    }
}

/// `GET /.well-known/jwks.json`.
pub(super) async fn jwks(State(console): State<Console>) -> Response {
    json_body(StatusCode::OK, &console.tokens.jwks())
}
