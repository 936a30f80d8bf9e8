//! The encoded form of an item or of a batch: what is sent, spooled and printed as a dead letter.

use std::net::SocketAddr;

use bytes::Bytes;

use super::gzip::gzip;

/// Encoded bytes in the format of their destination.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Payload {
    pub(crate) body: Bytes,
    /// Whether `body` is gzip.
    pub(crate) is_packed: bool,
    /// Where a daemon beside the function receives the payload in place of the destination's
    /// endpoint.
    pub(crate) daemon: Option<SocketAddr>,
}

impl Payload {
    pub(crate) fn new(body: Bytes) -> Self {
        Self { body, is_packed: false, daemon: None }
    }

    /// Returns the body as gzip, for the spool and for dead letters.
    pub(crate) fn packed(&self) -> Vec<u8> {
        if self.is_packed { self.body.to_vec() } else { gzip(&self.body) }
    }
}
