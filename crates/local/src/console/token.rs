//! `POST /token {"handle":"andrewbrown"}`: signs a sample user in.

use std::time::SystemTime;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::{Console, answer, refusal};
use crate::seed::SAMPLE_USERS;

pub(super) async fn mint(State(console): State<Console>, body: Bytes) -> Response {
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return refusal(StatusCode::BAD_REQUEST, "malformed_json");
    };
    // The `@` that a handle is shown with is no part of it.
    let Some(handle) = body["handle"].as_str().map(|handle| handle.trim_start_matches('@')) else {
        return refusal(StatusCode::UNPROCESSABLE_ENTITY, "handle_blank");
    };
    let Some(user) = SAMPLE_USERS.iter().find(|user| user.handle.eq_ignore_ascii_case(handle)) else {
        return refusal(StatusCode::NOT_FOUND, "not_found");
    };
    match console.tokens.mint(user.sub, SystemTime::now()) {
        Ok(token) => answer(StatusCode::OK, &json!({ "access_token": token })),
        Err(error) => {
            tracing::error!("{error}");
            refusal(StatusCode::INTERNAL_SERVER_ERROR, "generic_500")
        }
    }
}
