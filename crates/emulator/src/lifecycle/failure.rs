//! Why an invocation or an init phase failed, with the error types and messages of Lambda.

use std::time::Duration;

use bytes::Bytes;

use super::ProcessRole;
use crate::outcome::{FailureKind, RESPONSE_LIMIT};
use crate::platform::{Completion, Status};

/// The message for an unknown `Lambda-Runtime-Function-Response-Mode`.
pub(super) const INVALID_RESPONSE_MODE: &str = "Invalid function response mode";

/// Why an invocation or an init phase failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    pub(crate) error_type: String,
    /// Without the request id. The loop puts it in front.
    pub(crate) message: String,
    /// The error document that the runtime sent.
    pub(crate) payload: Option<Bytes>,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, error_type: &str, message: impl Into<String>) -> Self {
        Self { kind, error_type: error_type.to_owned(), message: message.into(), payload: None }
    }

    pub(crate) fn timeout(limit: Duration) -> Self {
        let message = format!("Task timed out after {:.2} seconds", limit.as_secs_f64());
        Self::new(FailureKind::Timeout, "Sandbox.Timedout", message)
    }

    /// The runtime reported an error with this document.
    pub(crate) fn handler_error(error_type: String, payload: Bytes) -> Self {
        Self { kind: FailureKind::Handler, error_type, message: String::new(), payload: Some(payload) }
    }

    pub(crate) fn response_too_large(bytes: u64) -> Self {
        let message = format!(
            "Response payload size ({bytes} bytes) exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
        );
        Self::new(FailureKind::TooLarge, "Function.ResponseSizeTooLarge", message)
    }

    pub(crate) fn invalid_response_mode() -> Self {
        Self::new(FailureKind::Protocol, "Runtime.InvalidResponseModeHeader", INVALID_RESPONSE_MODE)
    }

    pub(crate) fn response_truncated() -> Self {
        Self::new(FailureKind::Protocol, "Runtime.TruncatedResponse", "Response was truncated")
    }

    /// `exit_status` is as Go prints it.
    pub(crate) fn runtime_exited(exit_status: &str) -> Self {
        let message = format!("Runtime exited with error: {exit_status}");
        Self::new(FailureKind::Exit, "Runtime.ExitError", message)
    }

    /// `exit_status` is as Go prints it. Lambda writes "exit code" for an extension.
    pub(crate) fn extension_exited(error_type: &str, exit_status: &str) -> Self {
        Self::new(FailureKind::Exit, error_type, exit_status.replace("exit status", "exit code"))
    }

    pub(super) fn not_started(role: ProcessRole, error: &str) -> Self {
        let error_type = match role {
            ProcessRole::Runtime => "Runtime.InvalidEntrypoint",
            ProcessRole::Extension(_) => "Extension.LaunchError",
        };
        Self::new(FailureKind::Init, error_type, error)
    }

    /// Lambda reports the runtime as killed, whichever process took the memory.
    pub(crate) fn out_of_memory() -> Self {
        let message = "Runtime exited with error: signal: killed";
        Self::new(FailureKind::OutOfMemory, "Runtime.OutOfMemory", message)
    }

    pub(crate) fn environment_ended() -> Self {
        Self::new(FailureKind::Exit, "Sandbox.Failure", "The environment was ended")
    }

    /// Returns status and error type as platform events have them. A timeout has no error type.
    pub(crate) fn completion(&self) -> Completion {
        if self.kind == FailureKind::Timeout {
            return Completion { status: Status::Timeout, error_type: None };
        }
        let status = if self.error_type.starts_with("Sandbox.") { Status::Failure } else { Status::Error };
        Completion { status, error_type: Some(self.error_type.clone()) }
    }
}
