//! Invocations, their outcomes, and the errors of those that are not accepted.

use bytes::Bytes;

/// The largest payload of a synchronous invocation, in bytes: 6 MiB ("Lambda quotas").
pub const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024;

/// The largest response that the Runtime API accepts, in bytes: a payload and 100 bytes around it.
pub const RESPONSE_LIMIT: usize = PAYLOAD_LIMIT + 100;

/// A synchronous invocation of a function.
#[derive(Debug, Clone, Default)]
pub struct Invocation {
    /// The event, as JSON.
    pub payload: Bytes,
    /// `X-Amzn-Trace-Id` from upstream. If it is `None`, the emulator starts an unsampled trace.
    pub trace_header: Option<String>,
    /// The client context as JSON, which mobile clients send.
    pub client_context: Option<String>,
}

impl Invocation {
    /// Returns an invocation with this event.
    pub fn new(payload: impl Into<Bytes>) -> Self {
        Self { payload: payload.into(), ..Self::default() }
    }

    /// Sets the trace header.
    #[must_use]
    pub fn with_trace_header(self, header: impl Into<String>) -> Self {
        Self { trace_header: Some(header.into()), ..self }
    }
}

/// The ids of an invocation, and the environment that served it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvocationInfo {
    /// The request id that the function and its extensions got.
    pub request_id: String,
    /// The environment's id.
    pub environment: String,
    /// Whether processes were started for this invocation.
    pub cold_start: bool,
    /// The trace header that the function got. Its `Parent` is the function's segment.
    pub trace_header: String,
    /// The id of the function's segment, 16 hex digits.
    pub segment_id: String,
}

/// The result of an accepted invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The function responded.
    Succeeded {
        /// The response.
        payload: Bytes,
        /// The ids of the invocation.
        info: InvocationInfo,
    },
    /// The function failed. Lambda would set `X-Amz-Function-Error`.
    Failed {
        /// The error type as in Lambda's response: `Runtime.ExitError`, `Sandbox.Timedout`, or the
        /// one that the runtime sent.
        error_type: String,
        /// The message of Lambda or of the runtime.
        message: String,
        /// The response body: JSON with `errorType` and `errorMessage`.
        payload: Bytes,
        /// The kind of failure.
        kind: FailureKind,
        /// The ids of the invocation.
        info: InvocationInfo,
    },
}

impl Outcome {
    /// Returns the ids of the invocation.
    pub fn info(&self) -> &InvocationInfo {
        match self {
            Self::Succeeded { info, .. } | Self::Failed { info, .. } => info,
        }
    }

    /// Returns the response body.
    pub fn payload(&self) -> &Bytes {
        match self {
            Self::Succeeded { payload, .. } | Self::Failed { payload, .. } => payload,
        }
    }
}

/// The kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The function's timeout passed.
    Timeout,
    /// A process of the environment exited.
    Exit,
    /// The processes needed more memory than the function has.
    OutOfMemory,
    /// The handler returned an error. The processes live on.
    Handler,
    /// The runtime or an extension could not start.
    Init,
    /// The response was larger than Lambda accepts.
    TooLarge,
    /// The runtime broke the rules of the Runtime API.
    Protocol,
}

/// Why an invocation was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// No function has this name.
    #[error("failed to invoke the function: no function has the name {0}")]
    UnknownFunction(String),
    /// Every environment that the function may have is busy.
    #[error("failed to invoke the function: all {0} environments are busy")]
    Throttled(usize),
    /// The event is larger than Lambda accepts. The value is its size in bytes.
    #[error("failed to invoke the function: the event has {0} bytes, Lambda accepts {PAYLOAD_LIMIT}")]
    PayloadTooLarge(usize),
    /// The emulator has been shut down.
    #[error("failed to invoke the function: the emulator has been shut down")]
    Closed,
    /// The environment could not be created, or ended before it had a response.
    #[error("failed to start an environment: {0}")]
    Environment(String),
}
