//! How a request ended.

use crudder_emulator::FailureKind;
use serde::Serialize;

/// How a request ended, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// It has not ended.
    Running,
    /// A response with a status below 400.
    Ok,
    /// A response of 4xx by the function or the gateway: an error of the client.
    #[serde(rename = "refused")]
    Rejected,
    /// A response of 5xx, and the process lives.
    Error,
    /// The handler panicked, and the process lives.
    Panic,
    /// The timeout of the function or of the gateway passed.
    Timeout,
    /// The function needed more memory than it has.
    Oom,
    /// The process ended by itself.
    Exit,
    /// The process was killed, or never started.
    Crash,
    /// The client closed the connection before the response.
    Gone,
}

impl Outcome {
    /// Returns the outcome for the status of a response.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            ..400 => Self::Ok,
            400..500 => Self::Rejected,
            _ => Self::Error,
        }
    }

    /// Returns the outcome for a cause of death, as the extension writes it in `crudder.death`.
    pub(crate) fn of_death(cause: &str) -> Self {
        match cause {
            "timeout" => Self::Timeout,
            "out-of-memory" => Self::Oom,
            "exit" => Self::Exit,
            _ => Self::Crash,
        }
    }

    /// Returns the outcome for a failed invocation. Lambda reports exits and crashes as one kind;
    /// the message distinguishes them.
    pub(super) fn of_failure(kind: FailureKind, message: &str) -> Self {
        match kind {
            FailureKind::Timeout => Self::Timeout,
            FailureKind::OutOfMemory => Self::Oom,
            FailureKind::Exit if message.contains("exit status") => Self::Exit,
            FailureKind::Exit | FailureKind::Init => Self::Crash,
            FailureKind::Handler | FailureKind::TooLarge | FailureKind::Protocol => Self::Error,
        }
    }

    /// Returns whether this is a death or a panic: a status cannot replace it, because it says
    /// less.
    pub(crate) fn is_death(self) -> bool {
        matches!(self, Self::Panic | Self::Timeout | Self::Oom | Self::Exit | Self::Crash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_is_distinguished_from_a_crash() {
        for (message, outcome) in [
            ("RequestId: r Error: Runtime exited with error: exit status 3", Outcome::Exit),
            ("RequestId: r Error: Runtime exited with error: signal: aborted", Outcome::Crash),
        ] {
            assert_eq!(Outcome::of_failure(FailureKind::Exit, message), outcome, "{message}");
        }
    }
}
