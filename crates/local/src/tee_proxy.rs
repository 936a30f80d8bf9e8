//! Where a vendor's real key is set: hands on to the vendor what the layer sends it, and to the vendor's fake what the vendor has taken, so that
//! the console shows what is at the vendor. The vendor's word counts: the layer hears its answer, and the fake only of what it took.

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

/// For one call. The layer's own limit is far below; this ends what it has given up.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Honeycomb takes 15 MB, Rollbar less.
const BODY_BYTES: usize = 16 * 1024 * 1024;

/// Headers that belong to one connection, and are made anew on the next.
const HOP: [HeaderName; 4] = [header::HOST, header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING];

/// One vendor, as the relay stands before it.
#[derive(Debug, Clone)]
pub(crate) struct Road {
    /// The vendor's address; a path is put behind it only where it has none.
    pub(crate) vendor: String,
    /// The fake's, in the same form.
    pub(crate) stand_in: String,
    /// The header that carries the key.
    pub(crate) key_header: &'static str,
    /// The key that the fake knows.
    pub(crate) stand_in_key: String,
}

/// Starts a relay on a free port.
pub(crate) async fn start(road: Road) -> io::Result<Server> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let client = Client::builder().timeout(ANSWER_WITHIN).build().map_err(io::Error::other)?;
    let router = Router::new().fallback(relay).layer(DefaultBodyLimit::max(BODY_BYTES)).with_state((client, road));
    Ok(Server::start(listener, address, router))
}

async fn relay(State((client, road)): State<(Client, Road)>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let mut headers = parts.headers;
    HOP.iter().for_each(|name| drop(headers.remove(name)));
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let send = |base: &str, headers: HeaderMap| {
        client.request(parts.method.clone(), address(base, path)).headers(headers).body(body.clone()).send()
    };
    // A vendor that can't be reached is to the layer what a gateway before it would say.
    let Ok(answer) = send(&road.vendor, headers.clone()).await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    if answer.status().is_success() {
        if let Ok(key) = road.stand_in_key.parse() {
            headers.insert(road.key_header, key);
        }
        if let Err(error) = send(&road.stand_in, headers).await {
            tracing::warn!("the console will not show what the vendor took: {error}");
        }
    }
    handed_on(answer).await
}

async fn handed_on(answer: reqwest::Response) -> Response {
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    HOP.iter().for_each(|name| drop(headers.remove(name)));
    let Ok(body) = answer.bytes().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// An address that names a path is the whole address.
fn address(base: &str, path: &str) -> String {
    let bare = base.trim_end_matches('/');
    match bare.split_once("://") {
        Some((_, rest)) if rest.contains('/') => base.to_owned(),
        _ => format!("{bare}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_put_behind_a_host_and_not_behind_a_path() {
        for (base, wanted) in [
            ("https://api.honeycomb.io", "https://api.honeycomb.io/v1/traces"),
            ("https://api.honeycomb.io/", "https://api.honeycomb.io/v1/traces"),
            ("https://api.rollbar.com/api/1/item/", "https://api.rollbar.com/api/1/item/"),
        ] {
            assert_eq!(address(base, "/v1/traces"), wanted);
        }
    }
}
