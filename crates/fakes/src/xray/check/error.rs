//! The error for a document that X-Ray does not process.

use std::fmt;

use serde_json::{Value, json};

/// Why X-Ray does not process a document, with the codes of `UnprocessedTraceSegments`.
///
/// The code `InvalidHeader` for datagrams is this crate's own: the daemon only logs such an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::xray) struct SegmentError {
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl SegmentError {
    pub(in crate::xray) fn not_json(error: &serde_json::Error) -> Self {
        Self { code: "InvalidSegment", message: error.to_string() }
    }

    pub(super) fn invalid_header(message: &str) -> Self {
        Self { code: "InvalidHeader", message: message.to_owned() }
    }

    pub(in crate::xray) fn missing_field() -> Self {
        Self { code: "InvalidSegment", message: "a required field is missing".to_owned() }
    }

    /// Returns the error of an injected fault.
    pub(in crate::xray) fn injected(message: &str) -> Self {
        Self { code: "InvalidSegment", message: message.to_owned() }
    }

    /// Returns the entry of `UnprocessedTraceSegments`, with the document's id if it has one.
    pub(in crate::xray) fn unprocessed_entry(&self, raw: &str) -> Value {
        let document: Value = serde_json::from_str(raw).unwrap_or_default();
        json!({ "Id": document["id"].as_str(), "ErrorCode": self.code, "Message": self.message })
    }
}

impl fmt::Display for SegmentError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code, self.message)
    }
}
