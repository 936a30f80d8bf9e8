//! Does what the life of the environment says.

use std::sync::PoisonError;

use rustix::process::Signal;
use serde_json::json;

use super::Environment;
use crate::api::Answer;
use crate::events::{EmulatorEvent, EnvironmentEnd};
use crate::faults::KillTrigger;
use crate::life::{Act, Fatal, Offer, Reason, Reply, Role};
use crate::outcome::{FailureKind, InvocationInfo, Outcome};
use crate::process::Processes;

impl Environment {
    pub(super) fn act(&mut self, act: Act) {
        match act {
            Act::Reply(reply) => self.reply(reply),
            Act::StartExtension { index } => self.start(Role::Extension(index)),
            Act::StartRuntime => self.start(Role::Runtime),
            Act::Take { cold, deadline } => self.take(cold, deadline),
            Act::HandToRuntime => self.hand_to_runtime(),
            Act::HandToExtension { index } => self.hand_to_extension(index),
            Act::HandShutdown { index, reason, deadline } => self.hand_shutdown(index, reason, deadline),
            Act::Platform(platform) => self.say(&platform),
            Act::Subscribe { name, request } => self.subscribe(name, request),
            Act::Answer(result) => self.answer(result),
            Act::Complain(fatal) => self.complain(&fatal),
            Act::Terminate(role) => self.processes.signal(role, Signal::TERM),
            Act::Kill(role) => self.processes.signal(role, Signal::KILL),
            Act::KillAll => self.processes.signal_all(Signal::KILL),
            Act::Freeze => self.freeze(true),
            Act::Thaw => self.freeze(false),
            Act::Offer(offer) => self.offer(offer),
            Act::Emptied { reason } => self.emptied(reason),
            Act::End => self.ended = true,
        }
    }

    fn reply(&mut self, reply: Reply) {
        let answer = match reply {
            Reply::Park => return self.park(),
            Reply::Accepted => Answer::Accepted,
            Reply::Registered => Answer::Registered,
            Reply::Refused(refusal) => Answer::Refused(refusal),
        };
        if let Some((asking, _)) = self.asking.take() {
            // The caller may be gone: a process that was killed while it asked.
            let _gone = asking.send(answer);
        }
    }

    fn answer(&mut self, result: Result<bytes::Bytes, Fatal>) {
        let Some(current) = &mut self.current else { return };
        let Some(answer) = current.answer.take() else { return };
        let info = current.served.clone();
        let outcome = match result {
            Ok(payload) => Outcome::Succeeded { payload, info },
            Err(fatal) => failed(fatal, info),
        };
        // A caller who does not wait any more misses the answer, as Lambda's would.
        let _gone = answer.send(outcome);
        self.plan_kills(KillTrigger::Responded);
    }

    fn freeze(&mut self, frozen: bool) {
        self.frozen = frozen;
        self.telemetry.set_running(!frozen);
        self.processes.signal_all(if frozen { Signal::STOP } else { Signal::CONT });
        if !frozen {
            self.watch_memory();
        }
        self.view.lock().unwrap_or_else(PoisonError::into_inner).frozen = frozen;
        let environment = self.id.to_string();
        self.plan.hub.publish(match frozen {
            true => EmulatorEvent::Frozen { environment },
            false => EmulatorEvent::Thawed { environment },
        });
    }

    fn offer(&mut self, offer: Offer) {
        if offer == Offer::Idle {
            self.current = None;
        }
        self.plan.pool.offer(&self.id, offer, self.received);
    }

    fn emptied(&mut self, reason: Reason) {
        self.waiting_runtime = None;
        self.waiting_extensions.clear();
        self.current = None;
        // One that even SIGKILL did not end is not of the next life.
        self.processes = Processes::default();
        crate::orphans::kill(&format!("AWS_LAMBDA_RUNTIME_API={}", self.runtime_api));
        self.taps.clear();
        self.deeds.clear();
        self.telemetry.clear();
        self.frozen = false;
        self.update_view();
        if reason != Reason::Spindown {
            let environment = self.id.to_string();
            self.plan.hub.publish(EmulatorEvent::EnvironmentEnded { environment, end: EnvironmentEnd::Reset });
        }
    }
}

/// Lambda puts the request id before its own words, but not where the answer was only too large.
pub(super) fn failed(fatal: Fatal, info: InvocationInfo) -> Outcome {
    let message = match fatal.kind {
        FailureKind::TooLarge | FailureKind::Handler => fatal.message,
        _ => format!("RequestId: {} Error: {}", info.request_id, fatal.message),
    };
    let (payload, error_type, message) = match fatal.payload {
        Some(payload) => {
            let said: serde_json::Value = serde_json::from_slice(&payload).unwrap_or_default();
            let text = |key: &str| said.get(key).and_then(|value| value.as_str()).map(str::to_owned);
            (payload, text("errorType").unwrap_or(fatal.error_type), text("errorMessage").unwrap_or_default())
        }
        None => {
            let body = json!({ "errorType": fatal.error_type, "errorMessage": message });
            (body.to_string().into(), fatal.error_type, message)
        }
    };
    Outcome::Failed { error_type, message, payload, kind: fatal.kind, info }
}
