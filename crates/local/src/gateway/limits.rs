//! The limits of the gateway: sizes of requests, and timeouts.

use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::StreamExt;
use http::{HeaderMap, Method, Uri};

use super::error::GatewayError;

/// The longest body ("API Gateway quotas": payload size 10 MB).
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// How much of a body the gateway reads and discards if it is too large. A client reads the 413
/// only after it has sent all. Beyond this size the gateway closes the connection.
const MAX_DRAINED_BYTES: usize = 64 * 1024 * 1024;

/// The most bytes of request line and header values together ("API Gateway quotas": 10,240 bytes).
const MAX_HEADER_BYTES: usize = 10_240;

/// The timeouts of the gateway. Tests use shorter ones.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The timeout for a whole body. API Gateway closes a connection that is idle for 310 s; a
    /// developer does not wait that long.
    pub body_timeout: Duration,
    /// The timeout for the function: the integration timeout of a REST API is 29 s.
    pub integration_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_timeout: Duration::from_secs(30), integration_timeout: Duration::from_secs(29) }
    }
}

/// Rejects a request whose line and header values together are too long.
pub(super) fn check_headers(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), GatewayError> {
    let line = method.as_str().len() + uri.path_and_query().map_or(0, |path| path.as_str().len());
    let values: usize = headers.values().map(|value| value.len()).sum();
    if line + values > MAX_HEADER_BYTES { Err(GatewayError::HeadersTooLarge) } else { Ok(()) }
}

/// Reads the whole body. Rejects a body that is too large or incomplete.
pub(super) async fn read_body(body: Body) -> Result<Bytes, GatewayError> {
    let mut chunks = body.into_data_stream();
    let (mut read, mut whole) = (0, Vec::new());
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| GatewayError::BadRequest)?;
        read += chunk.len();
        if read <= MAX_BODY_BYTES {
            whole.extend_from_slice(&chunk);
        } else if read <= MAX_DRAINED_BYTES {
            whole = Vec::new();
        } else {
            return Err(GatewayError::RequestTooLarge);
        }
    }
    if read > MAX_BODY_BYTES { Err(GatewayError::RequestTooLarge) } else { Ok(whole.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_at_the_limit_is_accepted_and_one_byte_more_is_not() {
        assert_eq!(read_body(Body::from(vec![0; MAX_BODY_BYTES])).await.map(|body| body.len()), Ok(MAX_BODY_BYTES));
        assert_eq!(read_body(Body::from(vec![0; MAX_BODY_BYTES + 1])).await, Err(GatewayError::RequestTooLarge));
    }

    #[test]
    fn the_request_line_and_header_values_count_together() {
        let uri: Uri = format!("/{}", "a".repeat(MAX_HEADER_BYTES - 10)).parse().unwrap();
        let value = |length| HeaderMap::from_iter([(http::header::ACCEPT, "a".repeat(length).parse().unwrap())]);
        assert_eq!(check_headers(&Method::GET, &uri, &value(6)), Ok(()));
        assert_eq!(check_headers(&Method::GET, &uri, &value(7)), Err(GatewayError::HeadersTooLarge));
    }
}
