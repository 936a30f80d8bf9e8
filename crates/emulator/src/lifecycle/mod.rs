//! The lifecycle of an execution environment as a pure state machine from events to actions.
//!
//! The phases are those of AWS's page "Lambda execution environment lifecycle": init, invoke and
//! shutdown. No process, socket or clock is touched here. The loop in `environment/` names each
//! event, calls [`Lifecycle::step`] and performs the actions that it returns. Tests can therefore
//! try every order of events with plain values.

mod action;
mod api_call;
mod deadlines;
mod event;
mod extension_calls;
mod failure;
mod init_phase;
mod invoke_phase;
mod processes;
mod runtime_calls;
pub(crate) mod shutdown_limits;
mod shutdown_phase;
mod termination;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tokio::time::Instant;

pub(crate) use self::action::{Action, Availability};
pub(crate) use self::api_call::{ApiCall, ApiError, CallResult};
pub(crate) use self::event::{Event, ProcessRole, Termination};
pub(crate) use self::failure::Failure;
use self::init_phase::Init;
use self::invoke_phase::Invoke;
use self::processes::{Extension, RuntimeState};
use self::shutdown_phase::Shutdown;
pub(crate) use self::shutdown_phase::ShutdownReason;
use crate::platform::PlatformEvent;

/// The settings of one lifecycle.
#[derive(Debug, Clone)]
pub(crate) struct LifecycleConfig {
    /// The function's timeout.
    pub(crate) timeout: Duration,
    /// The limit of the first init phase.
    pub(crate) init_limit: Duration,
    /// File names of the external extensions.
    pub(crate) extensions: Vec<String>,
    /// Refuses registrations for INVOKE, as Lambda Managed Instances do.
    pub(crate) refuse_invoke: bool,
}

#[derive(Debug)]
enum Phase {
    /// No process runs. The next invocation starts them.
    NoProcesses,
    Init(Init),
    /// All processes called `next` and are frozen.
    Idle,
    Invoke(Invoke),
    Shutdown(Shutdown),
    /// The environment is gone.
    Ended,
}

/// The state of one environment: its phase, and what each of its processes does.
#[derive(Debug)]
pub(crate) struct Lifecycle {
    config: LifecycleConfig,
    phase: Phase,
    /// Whether processes were started before. If so, the next init phase is a suppressed one.
    started_before: bool,
    runtime: RuntimeState,
    extensions: Vec<Extension>,
    /// The request id of the invocation that waits to begin.
    pending: Option<String>,
    frozen: bool,
    terminating: Option<Termination>,
    /// The actions that the present step returns.
    actions: Vec<Action>,
}

impl Lifecycle {
    pub(crate) fn new(config: LifecycleConfig) -> Self {
        Self {
            config,
            phase: Phase::NoProcesses,
            started_before: false,
            runtime: RuntimeState::Absent,
            extensions: Vec::new(),
            pending: None,
            frozen: false,
            terminating: None,
            actions: Vec::new(),
        }
    }

    /// Takes in `event` and returns what the loop must do, in this order.
    #[must_use]
    pub(crate) fn step(&mut self, event: Event, now: Instant) -> Vec<Action> {
        match event {
            Event::Invoke { request_id } => self.invoke(request_id, now),
            Event::Called(call) => self.called(call, now),
            Event::Exited { role, exit_status } => self.process_exited(role, &exit_status, now),
            Event::NotStarted { role, error } => self.process_not_started(role, &error, now),
            Event::OutOfMemory => self.fail(Failure::out_of_memory(), now),
            Event::DeadlinePassed => self.deadline_passed(now),
            Event::Terminate(termination) => self.terminate(termination, now),
        }
        std::mem::take(&mut self.actions)
    }

    /// Changes the settings from the next event on.
    pub(crate) fn config_mut(&mut self) -> &mut LifecycleConfig {
        &mut self.config
    }

    fn invoke(&mut self, request_id: String, now: Instant) {
        self.pending = Some(request_id);
        match self.phase {
            _ if matches!(self.terminating, Some(Termination::Now | Termination::Kill)) => self.fail_pending(now),
            Phase::NoProcesses => self.start_init(now),
            Phase::Idle => {
                self.thaw();
                self.begin_invocation(now, now, None);
            }
            Phase::Init(_) | Phase::Invoke(_) | Phase::Shutdown(_) | Phase::Ended => (),
        }
    }

    /// Ends the present phase with a failure. AWS then resets the environment.
    fn fail(&mut self, failure: Failure, now: Instant) {
        match &self.phase {
            Phase::Init(_) => self.fail_init(failure, now),
            Phase::Invoke(_) => self.fail_invocation(failure, now),
            Phase::Idle => {
                self.actions.push(Action::LogFailure(failure));
                self.actions.push(Action::SetAvailability(Availability::Resetting));
                self.start_shutdown(ShutdownReason::Failure, now);
            }
            Phase::NoProcesses | Phase::Shutdown(_) | Phase::Ended => (),
        }
    }

    fn freeze(&mut self) {
        self.frozen = true;
        self.actions.push(Action::Freeze);
    }

    fn thaw(&mut self) {
        if std::mem::take(&mut self.frozen) {
            self.actions.push(Action::Thaw);
        }
    }

    fn publish(&mut self, event: PlatformEvent) {
        self.actions.push(Action::Publish(event));
    }
}
