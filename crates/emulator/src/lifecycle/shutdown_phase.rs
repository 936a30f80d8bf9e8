//! The shutdown phase, from the end of the runtime to the kill of all processes.
//!
//! The runtime ends first, then the extensions get SHUTDOWN, then all processes are killed.

use std::time::Duration;

use tokio::time::Instant;

use super::processes::ExtensionState;
use super::shutdown_limits::{
    EXIT_AFTER_SIGKILL, RUNTIME_SHUTDOWN, SHUTDOWN_WITH_EXTERNAL_EXTENSIONS, SHUTDOWN_WITH_INTERNAL_EXTENSIONS,
};
use super::{Action, Availability, Lifecycle, Phase, ProcessRole, RuntimeState};

/// Why an environment's processes end. AWS documents the values in upper case; its emulator and
/// logged events have lower case, and so has this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShutdownReason {
    Spindown,
    Timeout,
    Failure,
}

impl ShutdownReason {
    /// Returns the value of `shutdownReason`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Spindown => "spindown",
            Self::Timeout => "timeout",
            Self::Failure => "failure",
        }
    }
}

#[derive(Debug)]
pub(super) struct Shutdown {
    reason: ShutdownReason,
    pub(super) step: ShutdownStep,
    /// The end of the whole phase.
    pub(super) deadline: Instant,
}

/// Which processes the shutdown phase waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShutdownStep {
    /// The runtime, until this time.
    Runtime { until: Instant },
    /// The extensions, until the phase's deadline.
    Extensions,
    /// All of them. They got SIGKILL, and the wait ends at this time.
    Killed { until: Instant },
}

impl Lifecycle {
    /// Starts the shutdown phase. After a failure the runtime gets SIGKILL. At a spin-down it gets
    /// SIGTERM, but only if an extension is registered; if none is, it gets SIGKILL at once.
    pub(super) fn start_shutdown(&mut self, reason: ShutdownReason, now: Instant) {
        let has_external = self.extensions.iter().any(|extension| extension.has_process());
        let has_registered = self.extensions.iter().any(|extension| extension.id.is_some());
        let (limit, runtime_limit) = match (has_external, has_registered) {
            (true, _) => (SHUTDOWN_WITH_EXTERNAL_EXTENSIONS, RUNTIME_SHUTDOWN),
            (false, true) => (SHUTDOWN_WITH_INTERNAL_EXTENSIONS, SHUTDOWN_WITH_INTERNAL_EXTENSIONS),
            (false, false) => (Duration::ZERO, Duration::ZERO),
        };
        self.thaw();
        let step = ShutdownStep::Runtime { until: now + runtime_limit };
        self.phase = Phase::Shutdown(Shutdown { reason, step, deadline: now + limit });
        if !has_external && !has_registered {
            return self.kill_all(now);
        }
        match reason {
            _ if self.runtime == RuntimeState::Absent => (),
            ShutdownReason::Spindown => self.actions.push(Action::Sigterm(ProcessRole::Runtime)),
            ShutdownReason::Timeout | ShutdownReason::Failure => {
                self.actions.push(Action::Sigkill(ProcessRole::Runtime));
            }
        }
        self.continue_shutdown(now);
    }

    /// Sends SIGKILL to all processes.
    pub(super) fn kill_all(&mut self, now: Instant) {
        self.thaw();
        let reason = match &self.phase {
            Phase::Shutdown(shutdown) => shutdown.reason,
            _ => ShutdownReason::Spindown,
        };
        let step = ShutdownStep::Killed { until: now + EXIT_AFTER_SIGKILL };
        self.phase = Phase::Shutdown(Shutdown { reason, step, deadline: now });
        self.actions.push(Action::SigkillAll);
        self.continue_shutdown(now);
    }

    /// Continues when a process has exited: to the extensions, or to the end of the phase.
    pub(super) fn continue_shutdown(&mut self, now: Instant) {
        let Phase::Shutdown(shutdown) = &mut self.phase else { return };
        if self.runtime != RuntimeState::Absent {
            return;
        }
        if let ShutdownStep::Runtime { .. } = shutdown.step {
            shutdown.step = ShutdownStep::Extensions;
            self.shut_down_extensions();
        }
        if !self.extensions.iter().any(|extension| extension.has_process()) {
            self.finish_shutdown(now);
        }
    }

    fn shut_down_extensions(&mut self) {
        for index in 0..self.extensions.len() {
            let extension = &self.extensions[index];
            match extension.state {
                _ if !extension.has_process() => (),
                _ if !extension.is_registered_for("SHUTDOWN") => {
                    self.actions.push(Action::Sigkill(ProcessRole::Extension(index)));
                }
                ExtensionState::Ready => self.dispatch_shutdown(index),
                // It gets SHUTDOWN when it calls `next`.
                ExtensionState::Launched
                | ExtensionState::Registered
                | ExtensionState::Running
                | ExtensionState::Exited => (),
            }
        }
    }

    /// Sends SHUTDOWN, once, to an extension that waits in `next`.
    pub(super) fn dispatch_shutdown(&mut self, index: usize) {
        let Phase::Shutdown(shutdown) = &self.phase else { return };
        let Some(extension) = self.extensions.get_mut(index) else { return };
        let is_registered = extension.is_registered_for("SHUTDOWN");
        if shutdown.step == ShutdownStep::Extensions && is_registered && !extension.got_shutdown {
            extension.got_shutdown = true;
            let (reason, deadline) = (shutdown.reason, shutdown.deadline);
            self.actions.push(Action::DispatchShutdown { index, reason, deadline });
        }
    }

    /// Ends the phase: the environment ends too, starts its processes again, or waits.
    pub(super) fn finish_shutdown(&mut self, now: Instant) {
        let Phase::Shutdown(shutdown) = &self.phase else { return };
        let reason = shutdown.reason;
        self.runtime = RuntimeState::Absent;
        self.extensions.clear();
        self.actions.push(Action::Clear { reason });
        if self.terminating.is_some() && self.pending.is_none() {
            self.phase = Phase::Ended;
            return self.actions.push(Action::End);
        }
        self.phase = Phase::NoProcesses;
        match self.pending.is_some() {
            true => self.start_init(now),
            false => self.actions.push(Action::SetAvailability(Availability::Idle)),
        }
    }
}
