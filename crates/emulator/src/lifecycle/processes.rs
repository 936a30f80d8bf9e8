//! The states of an environment's processes, and the exit of a process.

use tokio::time::Instant;

use super::{Failure, Lifecycle, Phase, ProcessRole};
use crate::outcome::FailureKind;

/// The state of the runtime. The variants' names are part of AWS's error messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RuntimeState {
    /// Not started, or gone.
    Absent,
    Started,
    Ready,
    Running,
    ResponseSent,
}

/// The state of an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExtensionState {
    Launched,
    Registered,
    /// It called `next` and waits.
    Ready,
    /// It got INVOKE and has not called `next` since.
    Running,
    Exited,
}

#[derive(Debug)]
pub(super) struct Extension {
    pub(super) name: String,
    /// Whether it is a process of its own. An internal extension runs inside the runtime's process.
    pub(super) is_external: bool,
    /// The id that `register` returned.
    pub(super) id: Option<String>,
    pub(super) events: Vec<String>,
    pub(super) state: ExtensionState,
    /// The error type that it reported before it exits.
    pub(super) reported_error: Option<&'static str>,
    pub(super) got_shutdown: bool,
}

impl Extension {
    pub(super) fn external(name: &str) -> Self {
        Self::new(name.to_owned(), true, ExtensionState::Launched)
    }

    pub(super) fn internal(name: String) -> Self {
        Self::new(name, false, ExtensionState::Registered)
    }

    fn new(name: String, is_external: bool, state: ExtensionState) -> Self {
        Self { name, is_external, id: None, events: Vec::new(), state, reported_error: None, got_shutdown: false }
    }

    /// Whether it registered for this event.
    pub(super) fn is_registered_for(&self, event: &str) -> bool {
        self.events.iter().any(|registered| registered == event)
    }

    /// Whether it is a process that runs.
    pub(super) fn has_process(&self) -> bool {
        self.is_external && self.state != ExtensionState::Exited
    }
}

impl Lifecycle {
    pub(super) fn process_exited(&mut self, role: ProcessRole, exit_status: &str, now: Instant) {
        let failure = self.failure_of_exit(role, exit_status);
        self.remove_process(role, failure, now);
    }

    pub(super) fn process_not_started(&mut self, role: ProcessRole, error: &str, now: Instant) {
        self.remove_process(role, Failure::not_started(role, error), now);
    }

    fn remove_process(&mut self, role: ProcessRole, failure: Failure, now: Instant) {
        self.mark_exited(role);
        self.fail(failure, now);
        if matches!(self.phase, Phase::Shutdown(_)) {
            self.continue_shutdown(now);
        }
    }

    fn failure_of_exit(&self, role: ProcessRole, exit_status: &str) -> Failure {
        match role {
            ProcessRole::Runtime if exit_status == "exit status 0" => {
                Failure::new(FailureKind::Exit, "Runtime.ExitError", "Runtime exited without providing a reason")
            }
            ProcessRole::Runtime => Failure::runtime_exited(exit_status),
            ProcessRole::Extension(index) => {
                let reported = self.extensions.get(index).and_then(|extension| extension.reported_error);
                Failure::extension_exited(reported.unwrap_or("Extension.Crash"), exit_status)
            }
        }
    }

    fn mark_exited(&mut self, role: ProcessRole) {
        match role {
            ProcessRole::Runtime => self.runtime = RuntimeState::Absent,
            ProcessRole::Extension(index) => {
                if let Some(extension) = self.extensions.get_mut(index) {
                    extension.state = ExtensionState::Exited;
                }
            }
        }
    }
}
