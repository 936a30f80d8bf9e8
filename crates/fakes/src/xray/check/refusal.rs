//! Why a document is not processed, in X-Ray's words.

use std::fmt;

use serde_json::{Value, json};

/// An entry of `UnprocessedTraceSegments`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::xray) struct Refusal {
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refusal {
    /// The text is no JSON.
    pub(in crate::xray) fn unreadable(error: &serde_json::Error) -> Self {
        Self { code: "InvalidSegment", message: error.to_string() }
    }

    /// The datagram is not one.
    pub(super) fn header(message: &str) -> Self {
        Self { code: "InvalidHeader", message: message.to_owned() }
    }

    /// A field that is needed is missing; the checks say which.
    pub(in crate::xray) fn unfit() -> Self {
        Self { code: "InvalidSegment", message: "a field that is needed is missing".to_owned() }
    }

    /// A refusal that was asked for.
    pub(in crate::xray) fn planned(message: &str) -> Self {
        Self { code: "InvalidSegment", message: message.to_owned() }
    }

    /// As it stands in the answer, with the document's id if it has one.
    pub(in crate::xray) fn unprocessed(&self, raw: &str) -> Value {
        let document: Value = serde_json::from_str(raw).unwrap_or_default();
        json!({ "Id": document["id"].as_str(), "ErrorCode": self.code, "Message": self.message })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code, self.message)
    }
}
