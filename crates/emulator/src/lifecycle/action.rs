//! The actions that the lifecycle returns.

use bytes::Bytes;
use tokio::time::Instant;

use super::{CallResult, Failure, ProcessRole, ShutdownReason};
use crate::platform::PlatformEvent;
use crate::telemetry_event::SubscriptionRequest;

/// An instruction to the loop.
#[derive(Debug, PartialEq)]
pub(crate) enum Action {
    /// Answers the API call that this step was about.
    AnswerCall(CallResult),
    StartExtension {
        index: usize,
    },
    StartRuntime,
    /// Makes the pending invocation the present one.
    BeginInvocation {
        cold_start: bool,
        deadline: Instant,
    },
    /// Answers the runtime's `next` with the invocation.
    DispatchToRuntime,
    /// Answers an extension's `next` with INVOKE.
    DispatchToExtension {
        index: usize,
    },
    /// Answers an extension's `next` with SHUTDOWN.
    DispatchShutdown {
        index: usize,
        reason: ShutdownReason,
        deadline: Instant,
    },
    /// Publishes a platform event to the log and to the subscribers of telemetry.
    Publish(PlatformEvent),
    /// Starts to send telemetry to this extension.
    Subscribe {
        name: String,
        request: SubscriptionRequest,
    },
    /// Sends the outcome of the present invocation to its caller.
    Respond(Result<Bytes, Failure>),
    /// Writes Lambda's own line about a failure into the log.
    LogFailure(Failure),
    Sigterm(ProcessRole),
    Sigkill(ProcessRole),
    SigkillAll,
    /// Stops all processes with SIGSTOP.
    Freeze,
    /// Continues all processes with SIGCONT.
    Thaw,
    /// Reports to the pool what this environment can accept now.
    SetAvailability(Availability),
    /// Clears the state that belonged to the processes. All of them are gone.
    Clear {
        reason: ShutdownReason,
    },
    /// Ends the loop.
    End,
}

/// Whether the pool may send an invocation to an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Availability {
    /// It waits for an invocation.
    Idle,
    /// It has responded but is not done. One more invocation can wait for it.
    Finishing,
    /// It is being reset. One more invocation can wait for it, which takes longer.
    Resetting,
    /// It serves several invocations at once and has capacity for more.
    HasCapacity,
}
