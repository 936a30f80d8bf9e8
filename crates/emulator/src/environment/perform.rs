//! Performs the actions that the lifecycle returns.

use std::sync::PoisonError;

use rustix::process::Signal;

use super::Environment;
use crate::api::CallResponse;
use crate::events::EmulatorEvent;
use crate::lifecycle::{Action, Availability, CallResult, ProcessRole};

impl Environment {
    pub(super) fn perform(&mut self, action: Action) {
        match action {
            Action::AnswerCall(result) => self.answer_call(result),
            Action::StartExtension { index } => self.start_process(ProcessRole::Extension(index)),
            Action::StartRuntime => self.start_process(ProcessRole::Runtime),
            Action::BeginInvocation { cold_start, deadline } => self.begin_pending(cold_start, deadline),
            Action::DispatchToRuntime => self.dispatch_to_runtime(),
            Action::DispatchToExtension { index } => self.dispatch_to_extension(index),
            Action::DispatchShutdown { index, reason, deadline } => self.dispatch_shutdown(index, reason, deadline),
            Action::Publish(event) => self.publish(&event),
            Action::Subscribe { name, request } => self.subscribe(name, request),
            Action::Respond(result) => self.respond(result),
            Action::LogFailure(failure) => self.log_failure(&failure),
            Action::Sigterm(role) => self.processes.signal(role, Signal::TERM),
            Action::Sigkill(role) => self.processes.signal(role, Signal::KILL),
            Action::SigkillAll => self.processes.signal_all(Signal::KILL),
            Action::Freeze => self.set_frozen(true),
            Action::Thaw => self.set_frozen(false),
            Action::SetAvailability(availability) => self.set_availability(availability),
            Action::Clear { reason } => self.clear(reason),
            Action::End => self.ended = true,
        }
    }

    fn answer_call(&mut self, result: CallResult) {
        let response = match result {
            CallResult::KeepOpen => return self.keep_next_open(),
            CallResult::Accepted => CallResponse::Accepted,
            CallResult::Registered => CallResponse::Registered,
            CallResult::Refused(error) => CallResponse::Refused(error),
        };
        if let Some(call) = self.unanswered.take() {
            // This fails if the process was killed during its call.
            let _gone = call.response.send(response);
        }
    }

    fn set_frozen(&mut self, frozen: bool) {
        self.frozen = frozen;
        self.telemetry.set_running(!frozen);
        self.processes.signal_all(if frozen { Signal::STOP } else { Signal::CONT });
        if !frozen {
            self.watch_memory();
        }
        self.snapshot.lock().unwrap_or_else(PoisonError::into_inner).frozen = frozen;
        let environment = self.id.to_string();
        self.context.events.publish(match frozen {
            true => EmulatorEvent::Frozen { environment },
            false => EmulatorEvent::Thawed { environment },
        });
    }

    fn set_availability(&mut self, availability: Availability) {
        if availability == Availability::Idle {
            self.current = None;
        }
        self.context.pool.set_availability(&self.id, availability, self.received);
    }
}
