//! `/send/…`: forwards requests of the page to the API.
//!
//! The page does not call the API itself, for two reasons. `CRUDDER_CORS_ORIGIN` may name another
//! page, and a tunnel may lead to the console's port only. So the page's policy can forbid every
//! other address.

use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::response::Response;

use super::respond::error;
use super::state::Console;

/// The headers that are forwarded to the API, and back.
const REQUEST_HEADERS: [HeaderName; 2] = [header::AUTHORIZATION, header::CONTENT_TYPE];
const RESPONSE_HEADERS: [&str; 3] = ["content-type", "link", "x-amzn-trace-id"];

pub(super) async fn send(
    State(console): State<Console>,
    method: Method,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let mut request = console.client.0.request(method, format!("http://{}/{path}{query}", console.api)).body(body);
    for name in REQUEST_HEADERS {
        if let Some(value) = headers.get(&name) {
            request = request.header(name, value);
        }
    }
    let Ok(received) = request.send().await else { return error(StatusCode::BAD_GATEWAY, "api_silent") };
    let (status, headers) = (received.status(), received.headers().clone());
    let Ok(body) = received.bytes().await else { return error(StatusCode::BAD_GATEWAY, "api_silent") };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    for name in RESPONSE_HEADERS {
        if let Some(value) = headers.get(name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}
