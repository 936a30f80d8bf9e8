//! An HTTP client with a timeout and a size limit.

use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use serde_json::Value;

/// For a whole request: longer than a user waits at a terminal.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The console's JSON of one trace may have some megabytes.
const MAX_RESPONSE_BYTES: usize = 64 << 20;

/// Why there is no usable response.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("no response from {url}")]
    NoResponse {
        url: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("unreadable response from {url}: {cause}")]
    Unreadable { url: String, cause: String },
    #[error("{url} returned status {status}")]
    Status { url: String, status: u16 },
}

/// A response with its whole body.
#[derive(Debug)]
pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl HttpResponse {
    /// Returns the body as JSON, or null if it is not JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct HttpClient(reqwest::Client);

impl HttpClient {
    pub(crate) fn new() -> Self {
        let built = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("crudder/", env!("CARGO_PKG_VERSION")))
            .build();
        Self(built.unwrap_or_default())
    }

    pub(crate) fn get(&self, url: &str) -> reqwest::RequestBuilder {
        self.0.get(url)
    }

    pub(crate) fn post(&self, url: &str) -> reqwest::RequestBuilder {
        self.0.post(url)
    }

    /// Sends a request and reads the response, whatever its status.
    pub(crate) async fn send(&self, request: reqwest::RequestBuilder, url: &str) -> Result<HttpResponse, HttpError> {
        let no_response =
            |source: reqwest::Error| HttpError::NoResponse { url: url.to_owned(), source: source.without_url() };
        let response = request.send().await.map_err(no_response)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = Limited::new(reqwest::Body::from(response), MAX_RESPONSE_BYTES).collect().await;
        let body = body.map_err(|error| HttpError::Unreadable { url: url.to_owned(), cause: error.to_string() })?;
        Ok(HttpResponse { status, headers, body: body.to_bytes().to_vec() })
    }

    /// Fetches JSON from an address; `None` for status 404.
    pub(crate) async fn get_json(&self, url: &str) -> Result<Option<Value>, HttpError> {
        let response = self.send(self.get(url), url).await?;
        match response.status {
            200 => serde_json::from_slice(&response.body)
                .map(Some)
                .map_err(|error| HttpError::Unreadable { url: url.to_owned(), cause: error.to_string() }),
            404 => Ok(None),
            status => Err(HttpError::Status { url: url.to_owned(), status }),
        }
    }
}
