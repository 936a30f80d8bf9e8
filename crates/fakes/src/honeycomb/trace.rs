//! A trace: the spans that share a trace id.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::span::Span;
use crate::TraceId;

/// The spans of one trace in the order of their arrival, duplicates included.
#[derive(Debug, Clone, Serialize)]
pub struct Trace {
    /// The trace id.
    pub trace_id: TraceId,
    /// The spans.
    #[serde(serialize_with = "serialize_spans")]
    pub spans: Vec<Arc<Span>>,
}

fn serialize_spans<S: Serializer>(spans: &[Arc<Span>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(spans.iter().map(AsRef::as_ref))
}

impl Trace {
    /// Returns the span without a parent, or the earliest of several.
    #[must_use]
    pub fn root(&self) -> Option<&Span> {
        self.spans
            .iter()
            .map(AsRef::as_ref)
            .filter(|span| span.parent_span_id.is_none())
            .min_by_key(|span| span.start_ns)
    }
}
