//! `/send/…`: the page's own requests, handed on to the API. The page could ask the API itself, but not where `CRUDDER_CORS_ORIGIN` names another
//! page, nor through a tunnel that leads to the console's port alone; and so its policy can forbid every other address.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use reqwest::Client;

use super::{Console, refusal};

/// Above the gateway's own 29 s, so that its answer comes and not ours.
const ANSWER_WITHIN: Duration = Duration::from_secs(35);

/// What is handed on of a request, and of its answer.
const ASKED: [header::HeaderName; 2] = [header::AUTHORIZATION, header::CONTENT_TYPE];
const ANSWERED: [&str; 3] = ["content-type", "link", "x-amzn-trace-id"];

/// A client of the API.
#[derive(Debug, Clone)]
pub(crate) struct Sender(Client);

impl Sender {
    pub(crate) fn new() -> Result<Self, reqwest::Error> {
        Client::builder().timeout(ANSWER_WITHIN).user_agent("crudder-console").build().map(Self)
    }
}

pub(super) async fn send(
    State(console): State<Console>,
    method: Method,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let mut request = console.sender.0.request(method, format!("http://{}/{path}{query}", console.api)).body(body);
    for name in ASKED {
        if let Some(value) = headers.get(&name) {
            request = request.header(name, value);
        }
    }
    let Ok(answer) = request.send().await else { return refusal(StatusCode::BAD_GATEWAY, "api_silent") };
    let (status, stated) = (answer.status(), answer.headers().clone());
    let Ok(body) = answer.bytes().await else { return refusal(StatusCode::BAD_GATEWAY, "api_silent") };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    for name in ANSWERED {
        if let Some(value) = stated.get(name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}
