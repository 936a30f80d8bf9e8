//! What the processes may ask of the APIs in which state, and what they are told when they may not.

use bytes::Bytes;
use tokio::time::Instant;

use super::{Act, Extension, Fatal, Life, Phase, Runtime, Stand};
use crate::{
    outcome::{FailureKind, RESPONSE_LIMIT},
    telemetry::Request,
};

/// Lambda takes at most ten extensions ("Lambda quotas").
const EXTENSION_LIMIT: usize = 10;

/// A call of the Runtime, Extensions or Telemetry API, read but not yet judged.
#[derive(Debug)]
pub(crate) enum Call {
    RuntimeNext,
    Answered { request_id: String, first_byte: Instant, body: Bytes },
    TooLarge { request_id: String, first_byte: Instant, bytes: u64 },
    Erred { request_id: String, first_byte: Instant, error_type: String, body: Bytes },
    BadMode { request_id: String, first_byte: Instant },
    Truncated { request_id: String, first_byte: Instant },
    InitErred { error_type: String, body: Bytes },
    Register { id: String, name: String, events: Vec<String> },
    ExtensionNext { id: String },
    ExtensionErred { id: String, during_init: bool },
    Subscribe { id: String, request: Request },
}

/// The answer to a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Accepted,
    Registered,
    /// It stays open until there is something to hand over.
    Park,
    Refused(Refusal),
}

/// Why a call is refused, as status and error body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) error_type: String,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, error_type: &str, message: impl Into<String>) -> Self {
        Self { status, error_type: error_type.to_owned(), message: message.into() }
    }

    fn request_id() -> Self {
        Self::new(400, "InvalidRequestID", "Invalid request ID")
    }

    fn transition(from: Runtime, to: &str) -> Self {
        let from =
            if from == Runtime::ResponseSent { "RuntimeResponseSentState".to_owned() } else { format!("{from:?}") };
        let message =
            format!("State transition from {from} to {to} failed for runtime. Error: State transition is not allowed");
        Self::new(403, "InvalidStateTransition", message)
    }

    fn unknown_extension(id: &str) -> Self {
        Self::new(403, "Extension.UnknownExtensionIdentifier", format!("Unknown extension {id}"))
    }

    fn too_large() -> Self {
        let message = format!("Exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes).");
        Self::new(413, "RequestEntityTooLarge", message)
    }
}

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
                    let fatal = handler_error(error_type, body.clone());
                    self.answer(first_byte, body, Some(fatal), now);
                }
            }
            Call::TooLarge { request_id, first_byte, bytes } => {
                let words = format!(
                    "Response payload size ({bytes} bytes) exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
                );
                let fatal = Fatal::new(FailureKind::TooLarge, "Function.ResponseSizeTooLarge", words);
                self.spoil(&request_id, first_byte, fatal, Refusal::too_large(), now);
            }
            Call::BadMode { request_id, first_byte } => {
                let refusal = Refusal::new(400, "InvalidFunctionResponseMode", "Invalid function response mode");
                let fatal = Fatal::new(
                    FailureKind::Protocol,
                    "Runtime.InvalidResponseModeHeader",
                    "Invalid function response mode",
                );
                self.spoil(&request_id, first_byte, fatal, refusal, now);
            }
            Call::Truncated { request_id, first_byte } => {
                let refusal = Refusal::new(400, "TruncatedHTTPRequest", "HTTP request detected as truncated");
                let fatal = Fatal::new(FailureKind::Protocol, "Runtime.TruncatedResponse", "Response was truncated");
                self.spoil(&request_id, first_byte, fatal, refusal, now);
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

    fn register(&mut self, id: String, name: String, events: Vec<String>) {
        let known = self.extensions.iter().position(|extension| extension.name == name);
        if let Err(refusal) = self.may_register(known, &events) {
            return self.refuse(refusal);
        }
        let index = known.unwrap_or_else(|| {
            self.extensions.push(Extension::internal(name));
            self.extensions.len() - 1
        });
        let extension = &mut self.extensions[index];
        (extension.id, extension.events, extension.stand) = (Some(id), events, Stand::Registered);
        self.acts.push(Act::Reply(Reply::Registered));
        self.start_runtime_when_registered();
    }

    fn may_register(&self, known: Option<usize>, events: &[String]) -> Result<(), Refusal> {
        let external = known.is_some_and(|index| self.extensions[index].external);
        for event in events {
            let taken = match event.as_str() {
                "INVOKE" => !self.terms.refuse_invoke,
                "SHUTDOWN" => external,
                _ => false,
            };
            if !taken {
                let reason = match event.as_str() {
                    "SHUTDOWN" => "ShutdownEventNotSupportedForInternalExtension",
                    _ => "ErrorInvalidEventType",
                };
                let message = format!("{event}: {reason}");
                return Err(Refusal::new(403, "Extension.InvalidEventType", message));
            }
        }
        let open = matches!(self.phase, Phase::Init(_)) && matches!(self.runtime, Runtime::Absent | Runtime::Started);
        match known.map(|index| self.extensions[index].stand) {
            Some(Stand::Launched) => Ok(()),
            Some(_) => {
                Err(Refusal::new(403, "Extension.InvalidExtensionState", "Extension with this name already registered"))
            }
            None if !open => {
                Err(Refusal::new(403, "Extension.RegistrationClosed", "Extension registration closed already"))
            }
            None if self.extensions.len() >= EXTENSION_LIMIT => {
                let message = format!("Extension limit ({EXTENSION_LIMIT}) reached");
                Err(Refusal::new(403, "Extension.TooManyExtensions", message))
            }
            None => Ok(()),
        }
    }

    fn extension_next(&mut self, id: &str, now: Instant) {
        let Some(index) = self.find_extension(id) else { return };
        self.acts.push(Act::Reply(Reply::Park));
        self.extensions[index].stand = Stand::Waiting;
        self.tell_extension(index);
        self.finish_init_when_ready(now);
        self.finish_serving_when_done(now);
    }

    fn extension_erred(&mut self, id: &str, during_init: bool) {
        let Some(index) = self.find_extension(id) else { return };
        let extension = &mut self.extensions[index];
        extension.reported = Some(if during_init { "Extension.InitError" } else { "Extension.ExitError" });
        self.acts.push(Act::Reply(Reply::Accepted));
    }

    /// Subscribing ends with the caller's own first `next`.
    fn subscribe(&mut self, id: &str, request: Request) {
        let Some(index) = self.find_extension(id) else { return };
        let extension = &self.extensions[index];
        if matches!(self.phase, Phase::Init(_)) && extension.stand == Stand::Registered {
            let name = extension.name.clone();
            self.acts.push(Act::Reply(Reply::Accepted));
            return self.acts.push(Act::Subscribe { name, request });
        }
        self.refuse(Refusal::new(403, "Telemetry.SubscriptionClosed", "Telemetry API subscription is closed already"));
    }

    fn find_extension(&mut self, id: &str) -> Option<usize> {
        let found = self.extensions.iter().position(|extension| extension.id.as_deref() == Some(id));
        if found.is_none() {
            self.refuse(Refusal::unknown_extension(id));
        }
        found
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.acts.push(Act::Reply(Reply::Refused(refusal)));
    }

    /// The id by which an extension of this life calls.
    pub(crate) fn extension_index(&self, id: &str) -> Option<usize> {
        self.extensions.iter().position(|extension| extension.id.as_deref() == Some(id))
    }
}

fn handler_error(error_type: String, body: Bytes) -> Fatal {
    Fatal { kind: FailureKind::Handler, error_type, message: String::new(), payload: Some(body) }
}

impl Extension {
    fn internal(name: String) -> Self {
        Self {
            name,
            external: false,
            id: None,
            events: Vec::new(),
            stand: Stand::Registered,
            reported: None,
            told: false,
        }
    }
}
