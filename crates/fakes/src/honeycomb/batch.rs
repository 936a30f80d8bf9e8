//! A delivery to Honeycomb as it arrived: headers and body.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::RedactedKey;
use crate::handler::Call;

/// The header that holds the API key.
const KEY_HEADER: &str = "x-honeycomb-team";

/// An accepted call to `/v1/traces`, as it arrived.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The number of its delivery.
    pub number: u64,
    /// When it arrived, in milliseconds since 1970.
    pub received_ms: u64,
    /// Its headers. The key is redacted and `Authorization` is left out.
    pub headers: Vec<(String, String)>,
    /// The length of the body as it arrived.
    pub bytes: usize,
    /// How many of its spans were accepted.
    pub spans: u64,
    /// The body as it arrived. `None` if it contained a secret, because a compressed body cannot be
    /// redacted.
    pub body: Option<Bytes>,
}

impl Batch {
    pub(super) fn new(call: &Call, number: u64, spans: u64, has_secret: bool, now: SystemTime) -> Self {
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = call.headers.iter().map(|(name, value)| {
            let value = if name.as_str() == KEY_HEADER {
                RedactedKey::of(&text(value)).as_str().to_owned()
            } else {
                text(value)
            };
            (name.as_str().to_owned(), value)
        });
        Self {
            number,
            received_ms: u64::try_from(now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis())
                .unwrap_or(u64::MAX),
            headers: headers.filter(|(name, _)| name != "authorization").collect(),
            bytes: call.body.len(),
            spans,
            body: (!has_secret).then(|| call.body.clone()),
        }
    }

    /// Returns the memory that the batch takes in the store, in bytes.
    pub(super) fn stored_bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.bytes + headers + size_of::<Self>()
    }
}
