//! The part of a request that waits until its response was sent.

use crudder_recorder::Outcome;
use opentelemetry_sdk::trace::SpanData;

/// What a request has deferred until its response was sent. `post_response` does the work.
#[derive(Debug, Default)]
pub(crate) struct Deferred {
    /// The access line, complete with its newline.
    pub(crate) access_line: Option<Vec<u8>>,
    /// The end of the root span.
    pub(crate) end: Option<EndOfInvocation>,
}

/// The end of a root span that is already in the recorder.
#[derive(Debug)]
pub(crate) struct EndOfInvocation {
    /// The spans for X-Ray.
    pub(crate) spans: Vec<SpanData>,
    pub(crate) outcome: Outcome,
}

impl Deferred {
    pub(crate) fn is_empty(&self) -> bool {
        self.access_line.is_none() && self.end.is_none()
    }
}
