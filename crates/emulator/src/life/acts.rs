//! The words of an environment's life: what can happen, and what is to be done about it.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::{Call, Reason, Reply};
use crate::outcome::FailureKind;
use crate::platform::{Platform, Status, Verdict};
use crate::telemetry::Request;

/// A process of the environment; extensions by their place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Runtime,
    Extension(usize),
}

/// What can happen to an environment.
#[derive(Debug)]
pub(crate) enum Event {
    /// The pool hands over an invocation; one at a time.
    Invoke { request_id: String },
    /// A process calls one of the APIs.
    Called(Call),
    /// A process ended; `words` as Go prints them: `exit status 101`, `signal: killed`.
    Exited { role: Role, words: String },
    /// A process could not be started.
    NotStarted { role: Role, words: String },
    /// The processes hold more memory than the function has.
    OutOfMemory,
    /// The moment that [`super::Life::wake_at`] named has come.
    TimeUp,
    /// The environment is to go.
    Leave(Leave),
}

impl Event {
    /// Whether the platform may have something to say about what the processes did until now.
    pub(crate) fn may_end_an_invocation(&self) -> bool {
        match self {
            Self::Called(call) => matches!(call, Call::RuntimeNext | Call::ExtensionNext { .. }),
            Self::Exited { .. } | Self::OutOfMemory | Self::TimeUp => true,
            Self::Invoke { .. } | Self::NotStarted { .. } | Self::Leave(_) => false,
        }
    }
}

/// How an environment is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    /// After the present invocation, with SHUTDOWN.
    WhenServed,
    /// At once, with SHUTDOWN; a present invocation fails.
    Now,
    /// At once, without a word to anybody.
    Killed,
}

/// What the loop is to do, in this order.
#[derive(Debug, PartialEq)]
pub(crate) enum Act {
    /// Answers the call that was just stepped.
    Reply(Reply),
    StartExtension {
        index: usize,
    },
    StartRuntime,
    /// Makes the pending job the present one.
    Take {
        cold: bool,
        deadline: Instant,
    },
    HandToRuntime,
    HandToExtension {
        index: usize,
    },
    HandShutdown {
        index: usize,
        reason: Reason,
        deadline: Instant,
    },
    Platform(Platform),
    /// Begins to send telemetry to this extension.
    Subscribe {
        name: String,
        request: Request,
    },
    /// Answers the client.
    Answer(Result<Bytes, Fatal>),
    /// Writes Lambda's own line about a failure.
    Complain(Fatal),
    Terminate(Role),
    Kill(Role),
    KillAll,
    Freeze,
    Thaw,
    /// Tells the pool what this environment can take now.
    Offer(Offer),
    /// All processes are gone: forget what they asked for.
    Emptied {
        reason: Reason,
    },
    /// Nothing will happen here any more.
    End,
}

/// What the pool may do with the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offer {
    /// It waits for work.
    Idle,
    /// It has answered but is not done; it can take one more, which then waits.
    Settling,
    /// It is being reset; it can take one more, which then waits longer.
    Resetting,
    /// It serves several at once, and has room for more.
    Sharing,
}

/// Why an invocation or an init failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fatal {
    pub(crate) kind: FailureKind,
    pub(crate) error_type: String,
    /// Without the request id, which the loop puts before it.
    pub(crate) message: String,
    /// What the runtime sent itself.
    pub(crate) payload: Option<Bytes>,
}

impl Fatal {
    pub(crate) fn new(kind: FailureKind, error_type: &str, message: impl Into<String>) -> Self {
        Self { kind, error_type: error_type.to_owned(), message: message.into(), payload: None }
    }

    pub(crate) fn timeout(limit: Duration) -> Self {
        let message = format!("Task timed out after {:.2} seconds", limit.as_secs_f64());
        Self::new(FailureKind::Timeout, "Sandbox.Timedout", message)
    }

    /// Status and error type as the platform's records have them; a timeout has no error type.
    pub(crate) fn verdict(&self) -> Verdict {
        if self.kind == FailureKind::Timeout {
            return Verdict { status: Status::Timeout, error_type: None };
        }
        let status = if self.error_type.starts_with("Sandbox.") { Status::Failure } else { Status::Error };
        Verdict { status, error_type: Some(self.error_type.clone()) }
    }
}
