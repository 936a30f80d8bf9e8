//! The events that the lifecycle reacts to.

use super::ApiCall;

/// A process of the environment. An extension is named by its index in the list of extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProcessRole {
    Runtime,
    Extension(usize),
}

/// An event of an environment.
#[derive(Debug)]
pub(crate) enum Event {
    /// The pool sends an invocation, one at a time.
    Invoke { request_id: String },
    /// A process calls one of the APIs.
    Called(ApiCall),
    /// A process exited. The status is as Go prints it: `exit status 101`, `signal: killed`.
    Exited { role: ProcessRole, exit_status: String },
    /// A process could not be started. The error is as Go prints it.
    NotStarted { role: ProcessRole, error: String },
    /// The processes use more memory than the function has.
    OutOfMemory,
    /// The time that [`super::Lifecycle::next_deadline`] returned has passed.
    DeadlinePassed,
    /// The environment must end.
    Terminate(Termination),
}

impl Event {
    /// Whether the event may end an invocation, so that platform events may follow it.
    pub(crate) fn may_end_an_invocation(&self) -> bool {
        match self {
            Self::Called(call) => matches!(call, ApiCall::RuntimeNext | ApiCall::ExtensionNext { .. }),
            Self::Exited { .. } | Self::OutOfMemory | Self::DeadlinePassed => true,
            Self::Invoke { .. } | Self::NotStarted { .. } | Self::Terminate(_) => false,
        }
    }
}

/// How an environment must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Termination {
    /// With a shutdown phase after the present invocation.
    AfterInvocation,
    /// With a shutdown phase at once. A present invocation fails.
    Now,
    /// By SIGKILL at once. No process gets SHUTDOWN or SIGTERM.
    Kill,
}
