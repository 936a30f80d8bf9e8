//! A call as it came in: its headers and its bytes, for whoever wants to see what left.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::KeyMark;
use crate::handler::Call;

/// The header that bears the key.
const KEY_HEADER: &str = "x-honeycomb-team";

/// A batch that was taken, as it came.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Its delivery's number.
    pub number: u64,
    /// When it came, in milliseconds since 1970.
    pub received_ms: u64,
    /// Its headers, of the key no more than its mark.
    pub headers: Vec<(String, String)>,
    /// How long the body was, as it came.
    pub bytes: usize,
    /// How many spans it brought.
    pub spans: u64,
    /// The body as it came; none where a secret was found in it, which can't be blotted out of packed bytes.
    pub body: Option<Bytes>,
}

impl Batch {
    pub(super) fn new(call: &Call, number: u64, spans: u64, has_secret: bool, now: SystemTime) -> Self {
        let shown = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = call.headers.iter().map(|(name, value)| {
            let value =
                if name.as_str() == KEY_HEADER { KeyMark::of(&shown(value)).text().to_owned() } else { shown(value) };
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

    /// What it takes on the log.
    pub(super) fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.bytes + headers + size_of::<Self>()
    }
}
