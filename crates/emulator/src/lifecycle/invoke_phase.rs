//! The invoke phase: the runtime and the extensions work until all of them call `next`.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::processes::ExtensionState;
use super::{Action, Availability, Failure, Lifecycle, Phase, RuntimeState, ShutdownReason};
use crate::platform::{Completion, PlatformEvent, Span, Status};

#[derive(Debug)]
pub(super) struct Invoke {
    pub(super) request_id: String,
    /// The start of the invocation's duration. With a suppressed init phase, this is before it.
    started: Instant,
    /// When the runtime got the invocation.
    dispatched: Instant,
    pub(super) deadline: Instant,
    /// How long the init phase took, for a cold start.
    init: Option<Duration>,
    pub(super) completion: Completion,
    response: Option<ResponseTimes>,
    /// When the runtime called `next` again.
    runtime_done: Option<Instant>,
}

#[derive(Debug)]
struct ResponseTimes {
    first_byte: Instant,
    last_byte: Instant,
    bytes: usize,
}

impl Invoke {
    pub(super) fn has_response(&self) -> bool {
        self.response.is_some()
    }

    /// Returns the spans of `platform.runtimeDone`.
    fn spans(&self, now: Instant) -> Vec<Span> {
        let Some(response) = &self.response else {
            return vec![Span { name: "responseLatency", start: self.dispatched, duration: now - self.dispatched }];
        };
        let latency = response.first_byte.saturating_duration_since(self.dispatched);
        let duration = response.last_byte - response.first_byte;
        let overhead = now - response.last_byte;
        vec![
            Span { name: "responseLatency", start: self.dispatched, duration: latency },
            Span { name: "responseDuration", start: response.first_byte, duration },
            Span { name: "runtimeOverhead", start: response.last_byte, duration: overhead },
        ]
    }
}

impl Lifecycle {
    /// Sends the pending invocation to the runtime, and INVOKE to the extensions that registered
    /// for it. Without a pending invocation the environment becomes idle.
    pub(super) fn begin_invocation(&mut self, started: Instant, now: Instant, init: Option<Duration>) {
        let Some(request_id) = self.pending.take() else { return self.become_idle(now) };
        let deadline = started + self.config.timeout;
        let cold_start = init.is_some() || started != now;
        self.actions.push(Action::BeginInvocation { cold_start, deadline });
        self.publish(PlatformEvent::Start);
        self.runtime = RuntimeState::Running;
        self.actions.push(Action::DispatchToRuntime);
        for (index, extension) in self.extensions.iter_mut().enumerate() {
            if extension.is_registered_for("INVOKE") {
                extension.state = ExtensionState::Running;
                self.actions.push(Action::DispatchToExtension { index });
            }
        }
        self.phase = Phase::Invoke(Invoke {
            request_id,
            started,
            dispatched: now,
            deadline,
            init,
            completion: Completion::success(),
            response: None,
            runtime_done: None,
        });
    }

    /// The runtime sent a whole response. `failure` is set if the response is an error.
    pub(super) fn respond(&mut self, first_byte: Instant, body: Bytes, failure: Option<Failure>, now: Instant) {
        let Phase::Invoke(invoke) = &mut self.phase else { return };
        self.runtime = RuntimeState::ResponseSent;
        invoke.response = Some(ResponseTimes { first_byte, last_byte: now, bytes: body.len() });
        if let Some(failure) = &failure {
            invoke.completion = failure.completion();
        }
        // Before the response: the caller may send the next invocation as soon as it has it.
        if self.terminating.is_none() {
            self.actions.push(Action::SetAvailability(Availability::Finishing));
        }
        self.actions.push(Action::Respond(match failure {
            Some(failure) => Err(failure),
            None => Ok(body),
        }));
    }

    /// Publishes `platform.runtimeDone`, once for each invocation.
    pub(super) fn runtime_done(&mut self, now: Instant) {
        let Phase::Invoke(invoke) = &mut self.phase else { return };
        if invoke.runtime_done.replace(now).is_some() {
            return;
        }
        let produced_bytes = invoke.response.as_ref().map_or(0, |response| response.bytes);
        let spans = invoke.spans(now);
        let event = PlatformEvent::RuntimeDone {
            completion: invoke.completion.clone(),
            duration: now - invoke.started,
            produced_bytes,
            spans,
        };
        self.publish(event);
    }

    /// Ends the invocation once the runtime and all extensions have called `next`.
    pub(super) fn finish_invocation_when_done(&mut self, now: Instant) {
        let extension_runs = self.extensions.iter().any(|extension| extension.state == ExtensionState::Running);
        if extension_runs || self.runtime != RuntimeState::Ready || !matches!(self.phase, Phase::Invoke(_)) {
            return;
        }
        self.publish_report(now);
        self.phase = Phase::Idle;
        match self.pending.is_some() {
            true => self.begin_invocation(now, now, None),
            false => self.become_idle(now),
        }
    }

    /// Freezes the environment and offers it to the pool, or ends it if it must end.
    fn become_idle(&mut self, now: Instant) {
        self.phase = Phase::Idle;
        if let Some(termination) = self.terminating {
            return self.terminate(termination, now);
        }
        self.freeze();
        self.actions.push(Action::SetAvailability(Availability::Idle));
    }

    /// Fails the invocation and resets the environment.
    pub(super) fn fail_invocation(&mut self, failure: Failure, now: Instant) {
        let Phase::Invoke(invoke) = &mut self.phase else { return };
        let has_response = invoke.has_response();
        invoke.completion = failure.completion();
        let reason = match invoke.completion.status {
            Status::Timeout => ShutdownReason::Timeout,
            Status::Success | Status::Error | Status::Failure => ShutdownReason::Failure,
        };
        self.runtime_done(now);
        self.actions.push(Action::LogFailure(failure.clone()));
        self.actions.push(Action::SetAvailability(Availability::Resetting));
        if !has_response {
            self.actions.push(Action::Respond(Err(failure)));
        }
        self.publish_report(now);
        self.start_shutdown(reason, now);
    }

    pub(super) fn publish_report(&mut self, now: Instant) {
        let Phase::Invoke(invoke) = &self.phase else { return };
        let runtime_done = invoke.runtime_done.unwrap_or(now);
        let mut spans = Vec::new();
        if !self.extensions.is_empty() {
            spans.push(Span { name: "extensionOverhead", start: runtime_done, duration: now - runtime_done });
        }
        let event = PlatformEvent::Report {
            completion: invoke.completion.clone(),
            duration: now - invoke.started,
            init: invoke.init,
            spans,
        };
        self.publish(event);
    }
}
