//! The deferred part of a request: it waits until the response was sent.

use crudder_recorder::Outcome;
use opentelemetry_sdk::trace::SpanData;

/// The deferred part of a request. `post_response` does the work.
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
