//! What an extension may ask in which state.

use tokio::time::Instant;

use super::{Act, Extension, Life, Phase, Refusal, Reply, Runtime, Stand};
use crate::telemetry::Request;

/// Lambda takes at most ten extensions ("Lambda quotas").
const EXTENSION_LIMIT: usize = 10;

impl Life {
    pub(super) fn register(&mut self, id: String, name: String, events: Vec<String>) {
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
        events.iter().try_for_each(|event| self.may_take(event, external))?;
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

    fn may_take(&self, event: &str, external: bool) -> Result<(), Refusal> {
        let reason = match event {
            "INVOKE" if !self.terms.refuse_invoke => return Ok(()),
            "SHUTDOWN" if external => return Ok(()),
            "SHUTDOWN" => "ShutdownEventNotSupportedForInternalExtension",
            _ => "ErrorInvalidEventType",
        };
        Err(Refusal::new(403, "Extension.InvalidEventType", format!("{event}: {reason}")))
    }

    pub(super) fn extension_next(&mut self, id: &str, now: Instant) {
        let Some(index) = self.find_extension(id) else { return };
        self.acts.push(Act::Reply(Reply::Park));
        self.extensions[index].stand = Stand::Waiting;
        self.tell_extension(index);
        self.finish_init_when_ready(now);
        self.finish_serving_when_done(now);
    }

    pub(super) fn extension_erred(&mut self, id: &str, during_init: bool) {
        let Some(index) = self.find_extension(id) else { return };
        let extension = &mut self.extensions[index];
        extension.reported = Some(if during_init { "Extension.InitError" } else { "Extension.ExitError" });
        self.acts.push(Act::Reply(Reply::Accepted));
    }

    /// Subscribing ends with the caller's own first `next`.
    pub(super) fn subscribe(&mut self, id: &str, request: Request) {
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

    /// The id by which an extension of this life calls.
    pub(crate) fn extension_index(&self, id: &str) -> Option<usize> {
        self.extensions.iter().position(|extension| extension.id.as_deref() == Some(id))
    }
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
