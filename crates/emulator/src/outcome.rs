//! What goes into an invocation and what comes out of it.

use bytes::Bytes;

/// A synchronous invocation's payload, and all of a response: 6 MiB ("Lambda quotas").
pub const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024;

/// What the Runtime API takes: the payload and 100 bytes for its wrapping.
pub const RESPONSE_LIMIT: usize = PAYLOAD_LIMIT + 100;

/// What a caller asks of a function.
#[derive(Debug, Clone, Default)]
pub struct Invocation {
    /// The event, as JSON.
    pub payload: Bytes,
    /// `X-Amzn-Trace-Id` as it came from upstream. Without one the emulator makes an unsampled trace.
    pub trace_header: Option<String>,
    /// The client context, JSON, as mobile clients send it.
    pub client_context: Option<String>,
}

impl Invocation {
    /// An invocation with this event and nothing else.
    pub fn new(payload: impl Into<Bytes>) -> Self {
        Self { payload: payload.into(), ..Self::default() }
    }

    /// The same invocation inside the trace that this header names.
    #[must_use]
    pub fn with_trace_header(self, header: impl Into<String>) -> Self {
        Self { trace_header: Some(header.into()), ..self }
    }
}

/// Who served an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvocationInfo {
    /// The request id that function and extensions saw.
    pub request_id: String,
    /// The environment's id.
    pub environment: String,
    /// Whether processes were started for it.
    pub cold_start: bool,
    /// The trace header as the function saw it: its `Parent` is the function's segment.
    pub trace_header: String,
    /// The id of the function's segment, 16 hex digits.
    pub segment_id: String,
}

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The function answered.
    Succeeded {
        /// What it answered.
        payload: Bytes,
        /// Who served it.
        info: InvocationInfo,
    },
    /// The function failed; Lambda would set `X-Amz-Function-Error`.
    Failed {
        /// As in Lambda's answer: `Runtime.ExitError`, `Sandbox.Timedout`, or what the runtime said.
        error_type: String,
        /// Lambda's words, or the runtime's.
        message: String,
        /// The answer's body: JSON with `errorType` and `errorMessage`.
        payload: Bytes,
        /// What kind of failure it was.
        kind: FailureKind,
        /// Who served it.
        info: InvocationInfo,
    },
}

impl Outcome {
    /// Who served it.
    pub fn info(&self) -> &InvocationInfo {
        match self {
            Self::Succeeded { info, .. } | Self::Failed { info, .. } => info,
        }
    }

    /// The body that the caller gets.
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
    /// A process of the environment went away.
    Exit,
    /// The processes needed more memory than the function has.
    OutOfMemory,
    /// The handler returned an error; the environment lives on.
    Handler,
    /// Runtime or extension could not start.
    Init,
    /// The answer was larger than Lambda takes.
    TooLarge,
    /// The runtime broke the Runtime API's rules.
    Protocol,
}

/// Why an invocation was not taken at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// No function has this name.
    #[error("find a function named {0}")]
    UnknownFunction(String),
    /// Every environment that the function may have is busy.
    #[error("start another environment: all {0} are busy")]
    Throttled(usize),
    /// The event is larger than Lambda takes.
    #[error("send an event of {0} bytes: Lambda takes {PAYLOAD_LIMIT}")]
    PayloadTooLarge(usize),
    /// The emulator has been shut down.
    #[error("invoke on an emulator that is closed")]
    Closed,
    /// The environment could not be made: its folder or its listener.
    #[error("make an environment: {0}")]
    Environment(String),
}
