//! The calls of the APIs, and the answers to them.

use bytes::Bytes;
use tokio::time::Instant;

use super::Runtime;
use crate::outcome::RESPONSE_LIMIT;
use crate::telemetry::Request;

/// A call of the Runtime, Extensions or Telemetry API, read but not yet judged.
#[derive(Debug)]
pub(crate) enum Call {
    RuntimeNext,
    Answered { request_id: String, first_byte: Instant, body: Bytes },
    TooLarge { request_id: String, first_byte: Instant, bytes: u64 },
    Erred { request_id: String, first_byte: Instant, error_type: String, body: Bytes },
    BadMode { request_id: String, first_byte: Instant },
    Truncated { request_id: String, first_byte: Instant },
    InitErred { error_type: String, body: Bytes },
    Register { id: String, name: String, events: Vec<String> },
    ExtensionNext { id: String },
    ExtensionErred { id: String, during_init: bool },
    Subscribe { id: String, request: Request },
}

/// The answer to a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Accepted,
    Registered,
    /// It stays open until there is something to hand over.
    Park,
    Refused(Refusal),
}

/// Why a call is refused, as status and error body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) error_type: String,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, error_type: &str, message: impl Into<String>) -> Self {
        Self { status, error_type: error_type.to_owned(), message: message.into() }
    }

    pub(crate) fn request_id() -> Self {
        Self::new(400, "InvalidRequestID", "Invalid request ID")
    }

    pub(super) fn transition(from: Runtime, to: &str) -> Self {
        let from =
            if from == Runtime::ResponseSent { "RuntimeResponseSentState".to_owned() } else { format!("{from:?}") };
        let message =
            format!("State transition from {from} to {to} failed for runtime. Error: State transition is not allowed");
        Self::new(403, "InvalidStateTransition", message)
    }

    pub(crate) fn unknown_extension(id: &str) -> Self {
        Self::new(403, "Extension.UnknownExtensionIdentifier", format!("Unknown extension {id}"))
    }

    pub(crate) fn too_large() -> Self {
        let message = format!("Exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes).");
        Self::new(413, "RequestEntityTooLarge", message)
    }
}
