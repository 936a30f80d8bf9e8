//! The calls of the runtime that the lifecycle allows in each state.

use bytes::Bytes;
use tokio::time::Instant;

use super::{Action, ApiCall, ApiError, CallResult, Failure, Lifecycle, Phase, RuntimeState};
use crate::outcome::FailureKind;

impl Lifecycle {
    pub(super) fn called(&mut self, call: ApiCall, now: Instant) {
        match call {
            ApiCall::RuntimeNext => self.runtime_next(now),
            ApiCall::Response { request_id, first_byte, body } => {
                if self.check_may_respond(&request_id, "InvocationResponse") {
                    self.actions.push(Action::AnswerCall(CallResult::Accepted));
                    self.respond(first_byte, body, None, now);
                }
            }
            ApiCall::InvocationError { request_id, first_byte, error_type, body } => {
                if self.check_may_respond(&request_id, "InvocationErrorResponse") {
                    self.actions.push(Action::AnswerCall(CallResult::Accepted));
                    self.respond(first_byte, body.clone(), Some(Failure::handler_error(error_type, body)), now);
                }
            }
            ApiCall::ResponseTooLarge { request_id, first_byte, bytes } => {
                let failure = Failure::response_too_large(bytes);
                self.reject_response(&request_id, first_byte, failure, ApiError::response_too_large(), now);
            }
            ApiCall::InvalidResponseMode { request_id, first_byte } => {
                let failure = Failure::invalid_response_mode();
                self.reject_response(&request_id, first_byte, failure, ApiError::invalid_response_mode(), now);
            }
            ApiCall::ResponseTruncated { request_id, first_byte } => {
                let failure = Failure::response_truncated();
                self.reject_response(&request_id, first_byte, failure, ApiError::response_truncated(), now);
            }
            ApiCall::InitError { error_type, body } => self.init_error(error_type, body, now),
            ApiCall::Register { id, name, events } => self.register(id, name, events),
            ApiCall::ExtensionNext { id } => self.extension_next(&id, now),
            ApiCall::ExtensionError { id, during_init } => self.extension_error(&id, during_init),
            ApiCall::Subscribe { id, request } => self.subscribe(&id, request),
        }
    }

    fn runtime_next(&mut self, now: Instant) {
        self.actions.push(Action::AnswerCall(CallResult::KeepOpen));
        match self.runtime {
            // Its connection was cut. It gets the same event again, as from AWS's emulator.
            RuntimeState::Running => return self.actions.push(Action::DispatchToRuntime),
            RuntimeState::Started => self.runtime_initialized(),
            RuntimeState::ResponseSent => self.runtime_done(now),
            RuntimeState::Ready | RuntimeState::Absent => (),
        }
        if self.runtime != RuntimeState::Absent {
            self.runtime = RuntimeState::Ready;
        }
        self.finish_init_when_ready(now);
        self.finish_invocation_when_done(now);
    }

    /// Refuses the call unless the runtime serves this request. Returns whether it does.
    fn check_may_respond(&mut self, request_id: &str, wanted_state: &str) -> bool {
        let current = if let Phase::Invoke(invoke) = &self.phase { invoke.request_id.as_str() } else { "" };
        let error = match self.runtime {
            _ if current != request_id => ApiError::invalid_request_id(),
            RuntimeState::Running => return true,
            state => ApiError::invalid_transition(state, wanted_state),
        };
        self.refuse(error);
        false
    }

    /// Refuses a response that Lambda does not accept, and fails the invocation with it.
    fn reject_response(
        &mut self,
        request_id: &str,
        first_byte: Instant,
        failure: Failure,
        error: ApiError,
        now: Instant,
    ) {
        if self.check_may_respond(request_id, "InvocationResponse") {
            self.refuse(error);
            self.respond(first_byte, Bytes::new(), Some(failure), now);
        }
    }

    fn init_error(&mut self, error_type: String, body: Bytes, now: Instant) {
        if !matches!(self.phase, Phase::Init(_)) || self.runtime != RuntimeState::Started {
            return self.refuse(ApiError::invalid_transition(self.runtime, "InitError"));
        }
        self.actions.push(Action::AnswerCall(CallResult::Accepted));
        let failure = Failure { kind: FailureKind::Init, ..Failure::handler_error(error_type, body) };
        self.fail_init(failure, now);
    }

    pub(super) fn refuse(&mut self, error: ApiError) {
        self.actions.push(Action::AnswerCall(CallResult::Refused(error)));
    }
}
