//! How much the gateway takes, and how long it waits.

use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::StreamExt;
use http::{HeaderMap, Method, Uri};

use super::answer::Refused;

/// A REST API takes bodies up to this size ("API Gateway quotas": payload size 10 MB).
const BODY_BYTES: usize = 10 * 1024 * 1024;

/// What is read of a body that is too large, and thrown away, before the connection is given up: a client reads its 413 only when it has sent all.
const DRAINED_BYTES: usize = 64 * 1024 * 1024;

/// Request line and header values together ("API Gateway quotas": 10,240 bytes).
const HEADER_BYTES: usize = 10_240;

/// How long the gateway waits. Tests wait less.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For a whole body. API Gateway drops a connection that is idle for 310 s; nobody at the keyboard waits that long.
    pub body_timeout: Duration,
    /// For the function: a REST API's integration timeout, 29 s.
    pub integration_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_timeout: Duration::from_secs(30), integration_timeout: Duration::from_secs(29) }
    }
}

/// Refuses a request whose line and header values are together too long.
pub(super) fn headers(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Refused> {
    let line = method.as_str().len() + uri.path_and_query().map_or(0, |path| path.as_str().len());
    let values: usize = headers.values().map(|value| value.len()).sum();
    if line + values > HEADER_BYTES { Err(Refused::HeadersTooLarge) } else { Ok(()) }
}

/// The whole body, or the refusal of one that is too large or breaks off.
pub(super) async fn read(body: Body) -> Result<Bytes, Refused> {
    let mut chunks = body.into_data_stream();
    let (mut read, mut whole) = (0, Vec::new());
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refused::BadRequest)?;
        read += chunk.len();
        if read <= BODY_BYTES {
            whole.extend_from_slice(&chunk);
        } else if read <= DRAINED_BYTES {
            whole = Vec::new();
        } else {
            return Err(Refused::TooLarge);
        }
    }
    if read > BODY_BYTES { Err(Refused::TooLarge) } else { Ok(whole.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_of_the_limit_passes_and_one_byte_more_does_not() {
        assert_eq!(read(Body::from(vec![0; BODY_BYTES])).await.map(|body| body.len()), Ok(BODY_BYTES));
        assert_eq!(read(Body::from(vec![0; BODY_BYTES + 1])).await, Err(Refused::TooLarge));
    }

    #[test]
    fn line_and_values_count_together() {
        let uri: Uri = format!("/{}", "a".repeat(HEADER_BYTES - 10)).parse().unwrap();
        let value = |length| HeaderMap::from_iter([(http::header::ACCEPT, "a".repeat(length).parse().unwrap())]);
        assert_eq!(headers(&Method::GET, &uri, &value(6)), Ok(()));
        assert_eq!(headers(&Method::GET, &uri, &value(7)), Err(Refused::HeadersTooLarge));
    }
}
