//! The calls of an extension that the lifecycle allows in each state.

use tokio::time::Instant;

use super::processes::ExtensionState;
use super::{Action, ApiError, CallResult, Extension, Lifecycle, Phase, RuntimeState};
use crate::telemetry_event::SubscriptionRequest;

/// Lambda accepts at most ten extensions ("Lambda quotas").
const EXTENSION_LIMIT: usize = 10;

impl Lifecycle {
    pub(super) fn register(&mut self, id: String, name: String, events: Vec<String>) {
        let known = self.extensions.iter().position(|extension| extension.name == name);
        if let Err(error) = self.check_registration(known, &events) {
            return self.refuse(error);
        }
        let index = known.unwrap_or_else(|| {
            self.extensions.push(Extension::internal(name));
            self.extensions.len() - 1
        });
        let extension = &mut self.extensions[index];
        (extension.id, extension.events, extension.state) = (Some(id), events, ExtensionState::Registered);
        self.actions.push(Action::AnswerCall(CallResult::Registered));
        self.start_runtime_when_registered();
    }

    fn check_registration(&self, known: Option<usize>, events: &[String]) -> Result<(), ApiError> {
        let is_external = known.is_some_and(|index| self.extensions[index].is_external);
        events.iter().try_for_each(|event| self.check_event(event, is_external))?;
        let is_open = matches!(self.phase, Phase::Init(_))
            && matches!(self.runtime, RuntimeState::Absent | RuntimeState::Started);
        match known.map(|index| self.extensions[index].state) {
            Some(ExtensionState::Launched) => Ok(()),
            Some(_) => {
                let message = "Extension with this name already registered";
                Err(ApiError::new(403, "Extension.InvalidExtensionState", message))
            }
            None if !is_open => {
                Err(ApiError::new(403, "Extension.RegistrationClosed", "Extension registration closed already"))
            }
            None if self.extensions.len() >= EXTENSION_LIMIT => {
                let message = format!("Extension limit ({EXTENSION_LIMIT}) reached");
                Err(ApiError::new(403, "Extension.TooManyExtensions", message))
            }
            None => Ok(()),
        }
    }

    fn check_event(&self, event: &str, is_external: bool) -> Result<(), ApiError> {
        let reason = match event {
            "INVOKE" if !self.config.refuse_invoke => return Ok(()),
            "SHUTDOWN" if is_external => return Ok(()),
            "SHUTDOWN" => "ShutdownEventNotSupportedForInternalExtension",
            _ => "ErrorInvalidEventType",
        };
        Err(ApiError::new(403, "Extension.InvalidEventType", format!("{event}: {reason}")))
    }

    pub(super) fn extension_next(&mut self, id: &str, now: Instant) {
        let Some(index) = self.find_or_refuse(id) else { return };
        self.actions.push(Action::AnswerCall(CallResult::KeepOpen));
        self.extensions[index].state = ExtensionState::Ready;
        self.dispatch_shutdown(index);
        self.finish_init_when_ready(now);
        self.finish_invocation_when_done(now);
    }

    pub(super) fn extension_error(&mut self, id: &str, during_init: bool) {
        let Some(index) = self.find_or_refuse(id) else { return };
        let extension = &mut self.extensions[index];
        extension.reported_error = Some(if during_init { "Extension.InitError" } else { "Extension.ExitError" });
        self.actions.push(Action::AnswerCall(CallResult::Accepted));
    }

    /// An extension may subscribe to telemetry until its first `next`.
    pub(super) fn subscribe(&mut self, id: &str, request: SubscriptionRequest) {
        let Some(index) = self.find_or_refuse(id) else { return };
        let extension = &self.extensions[index];
        if matches!(self.phase, Phase::Init(_)) && extension.state == ExtensionState::Registered {
            let name = extension.name.clone();
            self.actions.push(Action::AnswerCall(CallResult::Accepted));
            return self.actions.push(Action::Subscribe { name, request });
        }
        let message = "Telemetry API subscription is closed already";
        self.refuse(ApiError::new(403, "Telemetry.SubscriptionClosed", message));
    }

    fn find_or_refuse(&mut self, id: &str) -> Option<usize> {
        let found = self.extension_index(id);
        if found.is_none() {
            self.refuse(ApiError::unknown_extension(id));
        }
        found
    }

    /// Returns the index of the extension that got this id from `register`.
    pub(crate) fn extension_index(&self, id: &str) -> Option<usize> {
        self.extensions.iter().position(|extension| extension.id.as_deref() == Some(id))
    }
}
