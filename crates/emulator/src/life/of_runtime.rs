//! What the runtime may ask in which state.

use bytes::Bytes;
use tokio::time::Instant;

use super::{Act, Call, Fatal, Life, Phase, Refusal, Reply, Runtime};
use crate::outcome::{FailureKind, RESPONSE_LIMIT};

const BAD_MODE: &str = "Invalid function response mode";

impl Life {
    pub(super) fn called(&mut self, call: Call, now: Instant) {
        match call {
            Call::RuntimeNext => self.runtime_next(now),
            Call::Answered { request_id, first_byte, body } => {
                if self.may_answer(&request_id, "InvocationResponse") {
                    self.acts.push(Act::Reply(Reply::Accepted));
                    self.answer(first_byte, body, None, now);
                }
            }
            Call::Erred { request_id, first_byte, error_type, body } => {
                if self.may_answer(&request_id, "InvocationErrorResponse") {
                    self.acts.push(Act::Reply(Reply::Accepted));
                    self.answer(first_byte, body.clone(), Some(handler_error(error_type, body)), now);
                }
            }
            Call::TooLarge { request_id, first_byte, bytes } => {
                self.spoil(&request_id, first_byte, too_large(bytes), Refusal::too_large(), now);
            }
            Call::BadMode { request_id, first_byte } => {
                let refusal = Refusal::new(400, "InvalidFunctionResponseMode", BAD_MODE);
                self.spoil(&request_id, first_byte, bad_mode(), refusal, now);
            }
            Call::Truncated { request_id, first_byte } => {
                let refusal = Refusal::new(400, "TruncatedHTTPRequest", "HTTP request detected as truncated");
                self.spoil(&request_id, first_byte, truncated(), refusal, now);
            }
            Call::InitErred { error_type, body } => self.init_erred(error_type, body, now),
            Call::Register { id, name, events } => self.register(id, name, events),
            Call::ExtensionNext { id } => self.extension_next(&id, now),
            Call::ExtensionErred { id, during_init } => self.extension_erred(&id, during_init),
            Call::Subscribe { id, request } => self.subscribe(&id, request),
        }
    }

    fn runtime_next(&mut self, now: Instant) {
        self.acts.push(Act::Reply(Reply::Park));
        match self.runtime {
            // Its connection was cut: it gets the same event again, as the emulator does.
            Runtime::Running => return self.acts.push(Act::HandToRuntime),
            Runtime::Started => self.runtime_came_up(),
            Runtime::ResponseSent => self.runtime_done(now),
            Runtime::Ready | Runtime::Absent => (),
        }
        if self.runtime != Runtime::Absent {
            self.runtime = Runtime::Ready;
        }
        self.finish_init_when_ready(now);
        self.finish_serving_when_done(now);
    }

    fn may_answer(&mut self, request_id: &str, wanted: &str) -> bool {
        let current = if let Phase::Serving(serving) = &self.phase { serving.request_id.as_str() } else { "" };
        let refusal = match self.runtime {
            _ if current != request_id => Refusal::request_id(),
            Runtime::Running => return true,
            state => Refusal::transition(state, wanted),
        };
        self.refuse(refusal);
        false
    }

    /// The answer can't be taken: both sides are told.
    fn spoil(&mut self, request_id: &str, first_byte: Instant, fatal: Fatal, refusal: Refusal, now: Instant) {
        if self.may_answer(request_id, "InvocationResponse") {
            self.refuse(refusal);
            self.answer(first_byte, Bytes::new(), Some(fatal), now);
        }
    }

    fn init_erred(&mut self, error_type: String, body: Bytes, now: Instant) {
        if !matches!(self.phase, Phase::Init(_)) || self.runtime != Runtime::Started {
            return self.refuse(Refusal::transition(self.runtime, "InitError"));
        }
        self.acts.push(Act::Reply(Reply::Accepted));
        let fatal = Fatal { kind: FailureKind::Init, ..handler_error(error_type, body) };
        self.fail_init(fatal, now);
    }

    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.acts.push(Act::Reply(Reply::Refused(refusal)));
    }
}

pub(crate) fn handler_error(error_type: String, body: Bytes) -> Fatal {
    Fatal { kind: FailureKind::Handler, error_type, message: String::new(), payload: Some(body) }
}

pub(crate) fn too_large(bytes: u64) -> Fatal {
    let words = format!(
        "Response payload size ({bytes} bytes) exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
    );
    Fatal::new(FailureKind::TooLarge, "Function.ResponseSizeTooLarge", words)
}

pub(crate) fn bad_mode() -> Fatal {
    Fatal::new(FailureKind::Protocol, "Runtime.InvalidResponseModeHeader", BAD_MODE)
}

pub(crate) fn truncated() -> Fatal {
    Fatal::new(FailureKind::Protocol, "Runtime.TruncatedResponse", "Response was truncated")
}
