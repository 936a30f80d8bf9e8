//! The init phase, from the start of the processes to their first `next`.
//!
//! The extensions start and register, then the runtime starts, then all call `next`.

use tokio::time::Instant;

use super::processes::ExtensionState;
use super::{Action, Availability, Extension, Failure, Lifecycle, Phase, RuntimeState, ShutdownReason};
use crate::outcome::FailureKind;
use crate::platform::{Completion, InitKind, PlatformEvent, Status};

#[derive(Debug)]
pub(super) struct Init {
    kind: InitKind,
    started: Instant,
    pub(super) deadline: Instant,
}

impl Lifecycle {
    /// Starts the processes. The first init phase has its own limit. A later one is part of the
    /// invocation and has the function's timeout.
    pub(super) fn start_init(&mut self, now: Instant) {
        let (kind, limit) = match self.started_before {
            false => (InitKind::Init, self.config.init_limit),
            true => (InitKind::Invoke, self.config.timeout),
        };
        self.started_before = true;
        self.phase = Phase::Init(Init { kind, started: now, deadline: now + limit });
        self.extensions = self.config.extensions.iter().map(|name| Extension::external(name)).collect();
        self.publish(PlatformEvent::InitStart { kind });
        self.actions.extend((0..self.extensions.len()).map(|index| Action::StartExtension { index }));
        self.start_runtime_when_registered();
    }

    /// Starts the runtime once every extension has registered.
    pub(super) fn start_runtime_when_registered(&mut self) {
        let all_registered = self.extensions.iter().all(|extension| extension.state != ExtensionState::Launched);
        if all_registered && self.runtime == RuntimeState::Absent && matches!(self.phase, Phase::Init(_)) {
            self.runtime = RuntimeState::Started;
            self.actions.push(Action::StartRuntime);
        }
    }

    /// The runtime called `next` for the first time.
    pub(super) fn runtime_initialized(&mut self) {
        if let Phase::Init(init) = &self.phase {
            let kind = init.kind;
            self.publish(PlatformEvent::InitRuntimeDone { kind, completion: Completion::success() });
        }
    }

    /// Ends the init phase once the runtime and all extensions have called `next`.
    pub(super) fn finish_init_when_ready(&mut self, now: Instant) {
        let Phase::Init(init) = &self.phase else { return };
        let extensions_ready = self.extensions.iter().all(|extension| extension.state == ExtensionState::Ready);
        if !extensions_ready || self.runtime != RuntimeState::Ready {
            return;
        }
        let (kind, started) = (init.kind, init.started);
        self.publish_extensions(None);
        let duration = now - started;
        self.publish(PlatformEvent::InitReport { kind, completion: Completion::success(), duration });
        match kind {
            InitKind::Init => self.begin_invocation(now, now, Some(duration)),
            InitKind::Invoke => self.begin_invocation(started, now, None),
        }
    }

    /// Ends the init phase with a failure. After the first one, the init phase is repeated inside
    /// the invocation. A failure of that second one fails the invocation.
    pub(super) fn fail_init(&mut self, failure: Failure, now: Instant) {
        let Phase::Init(init) = &self.phase else { return };
        let (kind, started) = (init.kind, init.started);
        let mut completion = failure.completion();
        if self.runtime != RuntimeState::Ready {
            self.publish(PlatformEvent::InitRuntimeDone { kind, completion: with_error_type(&mut completion) });
        }
        self.publish_extensions(failure.error_type.starts_with("Extension.").then_some(&failure.error_type));
        let duration = now - started;
        self.publish(PlatformEvent::InitReport { kind, completion: with_error_type(&mut completion), duration });
        match kind {
            // `platform.initReport` is enough: no invocation has failed yet.
            InitKind::Init => (),
            InitKind::Invoke => self.fail_invocation_in_init(failure, started, now),
        }
        let timed_out = completion.status == Status::Timeout;
        self.start_shutdown(if timed_out { ShutdownReason::Timeout } else { ShutdownReason::Failure }, now);
    }

    fn fail_invocation_in_init(&mut self, mut failure: Failure, started: Instant, now: Instant) {
        if self.pending.take().is_none() {
            return;
        }
        if failure.kind == FailureKind::Exit {
            failure.kind = FailureKind::Init;
        }
        let completion = failure.completion();
        let deadline = started + self.config.timeout;
        self.actions.push(Action::BeginInvocation { cold_start: true, deadline });
        self.publish(PlatformEvent::Start);
        let duration = now - started;
        self.publish(PlatformEvent::RuntimeDone {
            completion: completion.clone(),
            duration,
            produced_bytes: 0,
            spans: Vec::new(),
        });
        self.actions.push(Action::LogFailure(failure.clone()));
        self.actions.push(Action::SetAvailability(Availability::Resetting));
        self.actions.push(Action::Respond(Err(failure)));
        self.publish(PlatformEvent::Report { completion, duration, init: None, spans: Vec::new() });
    }

    /// Publishes the state of each extension. Those that exited get `error_type`.
    fn publish_extensions(&mut self, error_type: Option<&String>) {
        for extension in self.extensions.iter() {
            let has_exited = extension.state == ExtensionState::Exited;
            let state = match extension.state {
                ExtensionState::Launched => "Launched",
                ExtensionState::Registered => "Registered",
                ExtensionState::Ready | ExtensionState::Running => "Ready",
                ExtensionState::Exited => "Exited",
            };
            let error_type = error_type.filter(|_| has_exited).cloned();
            let (name, events) = (extension.name.clone(), extension.events.clone());
            self.actions.push(Action::Publish(PlatformEvent::Extension { name, state, events, error_type }));
        }
    }
}

/// A failed init phase always has an error type. For a timeout, AWS's emulator has
/// `Runtime.Unknown`.
fn with_error_type(completion: &mut Completion) -> Completion {
    completion.error_type.get_or_insert_with(|| "Runtime.Unknown".to_owned());
    completion.clone()
}
