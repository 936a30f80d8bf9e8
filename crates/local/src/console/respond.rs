//! The JSON responses of the console.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// Returns a response with a JSON body.
pub(super) fn json_body(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// Returns an error in the API's form: a JSON array of one string.
pub(super) fn error(status: StatusCode, reason: &str) -> Response {
    json_body(status, &json!([reason]))
}
