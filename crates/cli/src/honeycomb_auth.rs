//! Honeycomb's `GET /1/auth`: the team and environment that a key belongs to.

use crudder_text::error_chain;
use serde_json::Value;

use crate::config::{Config, Key};
use crate::http::HttpClient;

/// The result of `GET /1/auth`.
#[derive(Debug)]
pub(crate) enum Auth {
    Response {
        status: u16,
        body: Value,
    },
    /// The error's message and its causes.
    NoResponse(String),
}

/// Asks Honeycomb what a key belongs to and what it permits.
pub(crate) async fn fetch(http: &HttpClient, config: &Config, key: &Key) -> Auth {
    let url = format!("{}/1/auth", config.honeycomb_endpoint);
    match http.send(http.get(&url).header("x-honeycomb-team", key.reveal()), &url).await {
        Ok(response) => Auth::Response { status: response.status, body: response.json() },
        Err(error) => Auth::NoResponse(error_chain(&error)),
    }
}
