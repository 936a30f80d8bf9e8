//! `GET /api/about`: the address of the API, the sample users, settings, and the size of the
//! record.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::respond::json_body;
use super::state::{About, Console};
use crate::seed::SAMPLE_USERS;

pub(super) async fn about(State(console): State<Console>) -> Response {
    let About { faults, stage, forwarded_to, timeout_s } = &console.about;
    let users: Vec<_> =
        SAMPLE_USERS.iter().map(|user| json!({ "handle": user.handle, "display_name": user.display_name })).collect();
    let about = json!({
        "api": format!("http://{}", console.api), "stage": stage, "faults": faults, "timeout_s": timeout_s, "users": users,
        "relayed": forwarded_to, "requests": console.requests.size(), "version": env!("CARGO_PKG_VERSION"),
    });
    json_body(StatusCode::OK, &about)
}
