//! A proxy for a vendor whose real API key is set: it forwards each call to the vendor, and copies
//! to the fake what the vendor accepted.
//!
//! The extension gets the response of the vendor. So the console shows exactly what the vendor has.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use reqwest::Client;
use tokio::net::TcpListener;

use crate::server::Server;

/// The timeout of one call. The extension's own is far below; this one ends calls that it gave up.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest body. Honeycomb accepts 15 MB, Rollbar less.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// Headers that belong to one connection.
const HOP_BY_HOP: [HeaderName; 4] =
    [header::HOST, header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING];

/// The two ends of one proxy.
#[derive(Debug, Clone)]
pub(crate) struct TeeProxy {
    /// The address of the vendor. If it has no path, the proxy appends the path of the request.
    pub(crate) vendor: String,
    /// The address of the fake, in the same form.
    pub(crate) fake: String,
    /// The header that carries the API key.
    pub(crate) key_header: &'static str,
    /// The API key that the fake accepts.
    pub(crate) fake_key: String,
}

impl TeeProxy {
    /// Starts the proxy on a free port.
    pub(crate) async fn start(self) -> io::Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let client = Client::builder().timeout(CALL_TIMEOUT).build().map_err(io::Error::other)?;
        let router =
            Router::new().fallback(forward).layer(DefaultBodyLimit::max(MAX_BODY_BYTES)).with_state((client, self));
        Ok(Server::start(listener, address, router))
    }
}

async fn forward(State((client, proxy)): State<(Client, TeeProxy)>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let mut headers = parts.headers;
    HOP_BY_HOP.iter().for_each(|name| drop(headers.remove(name)));
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let send = |base: &str, headers: HeaderMap| {
        client.request(parts.method.clone(), join(base, path)).headers(headers).body(body.clone()).send()
    };
    // A gateway in front of the vendor would answer 502 too if it could not reach the vendor.
    let Ok(response) = send(&proxy.vendor, headers.clone()).await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    if response.status().is_success() {
        if let Ok(key) = proxy.fake_key.parse() {
            headers.insert(proxy.key_header, key);
        }
        if let Err(error) = send(&proxy.fake, headers).await {
            tracing::warn!("failed to copy a call to the fake, so the console does not show it: {error}");
        }
    }
    to_client(response).await
}

async fn to_client(response: reqwest::Response) -> Response {
    let (status, mut headers) = (response.status(), response.headers().clone());
    HOP_BY_HOP.iter().for_each(|name| drop(headers.remove(name)));
    let Ok(body) = response.bytes().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Appends `path` to `base`, unless `base` has a path already.
fn join(base: &str, path: &str) -> String {
    let trimmed = base.trim_end_matches('/');
    match trimmed.split_once("://") {
        Some((_, rest)) if rest.contains('/') => base.to_owned(),
        _ => format!("{trimmed}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_appended_to_a_host_and_not_to_a_path() {
        for (base, wanted) in [
            ("https://api.honeycomb.io", "https://api.honeycomb.io/v1/traces"),
            ("https://api.honeycomb.io/", "https://api.honeycomb.io/v1/traces"),
            ("https://api.rollbar.com/api/1/item/", "https://api.rollbar.com/api/1/item/"),
        ] {
            assert_eq!(join(base, "/v1/traces"), wanted);
        }
    }
}
