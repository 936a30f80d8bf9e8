//! Calls of the Runtime, Extensions and Telemetry API, and their results.

use bytes::Bytes;
use tokio::time::Instant;

use super::RuntimeState;
use super::failure::INVALID_RESPONSE_MODE;
use crate::outcome::RESPONSE_LIMIT;
use crate::telemetry_event::SubscriptionRequest;

/// A call that was read from the wire. The lifecycle decides whether it is allowed.
#[derive(Debug)]
pub(crate) enum ApiCall {
    RuntimeNext,
    Response { request_id: String, first_byte: Instant, body: Bytes },
    ResponseTooLarge { request_id: String, first_byte: Instant, bytes: u64 },
    InvalidResponseMode { request_id: String, first_byte: Instant },
    ResponseTruncated { request_id: String, first_byte: Instant },
    InvocationError { request_id: String, first_byte: Instant, error_type: String, body: Bytes },
    InitError { error_type: String, body: Bytes },
    Register { id: String, name: String, events: Vec<String> },
    ExtensionNext { id: String },
    ExtensionError { id: String, during_init: bool },
    Subscribe { id: String, request: SubscriptionRequest },
}

/// How a call is answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CallResult {
    Accepted,
    Registered,
    /// The call stays open until there is an event to dispatch.
    KeepOpen,
    Refused(ApiError),
}

/// A refused call, as HTTP status and error document. AWS's Runtime Interface Emulator has the
/// same error types and messages: `tests/conformance.rs` compares them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) error_type: String,
    pub(crate) message: String,
}

impl ApiError {
    pub(crate) fn new(status: u16, error_type: &str, message: impl Into<String>) -> Self {
        Self { status, error_type: error_type.to_owned(), message: message.into() }
    }

    pub(crate) fn invalid_request_id() -> Self {
        Self::new(400, "InvalidRequestID", "Invalid request ID")
    }

    pub(super) fn invalid_transition(from: RuntimeState, to: &str) -> Self {
        let from = match from {
            RuntimeState::ResponseSent => "RuntimeResponseSentState".to_owned(),
            from => format!("{from:?}"),
        };
        let message =
            format!("State transition from {from} to {to} failed for runtime. Error: State transition is not allowed");
        Self::new(403, "InvalidStateTransition", message)
    }

    pub(crate) fn unknown_extension(id: &str) -> Self {
        Self::new(403, "Extension.UnknownExtensionIdentifier", format!("Unknown extension {id}"))
    }

    pub(crate) fn response_too_large() -> Self {
        let message = format!("Exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes).");
        Self::new(413, "RequestEntityTooLarge", message)
    }

    pub(crate) fn invalid_response_mode() -> Self {
        Self::new(400, "InvalidFunctionResponseMode", INVALID_RESPONSE_MODE)
    }

    pub(crate) fn response_truncated() -> Self {
        Self::new(400, "TruncatedHTTPRequest", "HTTP request detected as truncated")
    }

    pub(crate) fn internal() -> Self {
        Self::new(500, "InternalServerError", "Internal Server Error")
    }
}
