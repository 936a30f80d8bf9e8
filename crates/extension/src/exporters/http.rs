//! The HTTP client of all exporters.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::BodyExt as _;

use crudder_text::error_chain;

use crate::log;

/// Longer than any response of a healthy destination takes; after this the batch is probably lost.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that takes longer is not worth its time inside an invocation.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The rest of a longer response holds nothing that is needed.
const MAX_RESPONSE_BYTES: usize = 64 << 10;
/// A connection may have died in a freeze, so one that was idle for longer is not used again.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// A response whose body was read.
pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl HttpResponse {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Builds the HTTP client: bounded in time, and without redirects.
pub(crate) fn client() -> reqwest::Client {
    let built = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build();
    // Without root certificates no destination can be reached, and each request fails with its own
    // message.
    built.unwrap_or_else(|error| {
        log::error("failed to set up the HTTP client", [("error", error_chain(&error).into())]);
        reqwest::Client::new()
    })
}

/// Sends a request and reads the response.
///
/// # Errors
/// Describes why no response came, or why it broke off before it said what became of the request.
pub(super) async fn send(request: reqwest::RequestBuilder) -> Result<HttpResponse, String> {
    let response = request.send().await.map_err(|error| error_chain(&error.without_url()))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = http_body_util::Limited::new(reqwest::Body::from(response), MAX_RESPONSE_BYTES).collect().await;
    let body = match body {
        Ok(body) => body.to_bytes(),
        // The status of a refusal says what became of the request, even if the body breaks off.
        Err(_) if status >= 300 => Bytes::new(),
        Err(error) => return Err(error.to_string()),
    };
    Ok(HttpResponse { status, headers, body })
}
