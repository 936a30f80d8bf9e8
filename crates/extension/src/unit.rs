//! What is to be told to one vendor: a span, an item, a document; and the records that are done with once it is.

use std::net::SocketAddr;

use bytes::Bytes;
use crudder_recorder::WriterId;
use tokio::time::Instant;

/// The smallest thing that a vendor can be told, or refuse.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    /// The record that bears its label.
    pub(crate) position: u64,
    /// Records that are needed to tell it again, labelled along.
    pub(crate) also: Vec<u64>,
    pub(crate) cargo: Cargo,
    /// Errors are told at once, and are the last to become dead letters.
    pub(crate) has_error: bool,
    pub(crate) since: Instant,
    /// A former life may have told it: it goes again with the batch it was in, and is counted.
    pub(crate) in_doubt: bool,
}

/// What a unit says.
#[derive(Clone, Debug)]
pub(crate) enum Cargo {
    /// The OTLP span of the unit's own record, and fields to be added behind it.
    Recorded { process: WriterId, trailer: Vec<u8>, bytes: usize },
    /// A span of the layer's own making.
    Made { process: WriterId, span: Vec<u8> },
    /// A Rollbar item.
    Item(Bytes),
    /// X-Ray datagrams, and the daemon that the function was given.
    Datagrams { daemon: Option<SocketAddr>, datagrams: Vec<Vec<u8>> },
}

impl Unit {
    /// About how much of a batch it takes.
    pub(crate) fn bytes(&self) -> usize {
        match &self.cargo {
            Cargo::Recorded { trailer, bytes, .. } => bytes + trailer.len(),
            Cargo::Made { span, .. } => span.len(),
            Cargo::Item(item) => item.len(),
            Cargo::Datagrams { datagrams, .. } => datagrams.iter().map(Vec::len).sum(),
        }
    }

    pub(crate) fn positions_mut(&mut self) -> impl Iterator<Item = &mut u64> {
        std::iter::once(&mut self.position).chain(&mut self.also)
    }

    pub(crate) fn positions(&self) -> impl Iterator<Item = u64> {
        std::iter::once(self.position).chain(self.also.iter().copied())
    }
}
