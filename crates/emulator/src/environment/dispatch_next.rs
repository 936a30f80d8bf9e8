//! Answers the open `next` calls with invocations and events.

use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{CurrentInvocation, Environment};
use crate::api::CallResponse;
use crate::faults::KillTrigger;
use crate::lifecycle::{ProcessRole, ShutdownReason};

impl Environment {
    /// Keeps the `next` of the present step open until there is something to dispatch.
    pub(super) fn keep_next_open(&mut self) {
        let Some(call) = self.unanswered.take() else { return };
        match call.next_of {
            Some(ProcessRole::Runtime) => self.runtime_next = Some(call.response),
            Some(ProcessRole::Extension(index)) => {
                self.extension_next.insert(index, call.response);
            }
            None => (),
        }
    }

    pub(super) fn dispatch_to_runtime(&mut self) {
        let Some(current) = &self.current else { return };
        let headers = runtime_headers(current, &self.function_arn());
        let response = CallResponse::Invocation { headers, payload: current.invocation.payload.clone() };
        if let Some(next) = self.runtime_next.take() {
            // This fails if the runtime's connection was cut. It calls `next` again and gets it
            // then.
            let _cut = next.send(response);
        }
        self.schedule_kills(KillTrigger::Invoked);
    }

    pub(super) fn dispatch_to_extension(&mut self, index: usize) {
        let Some(current) = &self.current else { return };
        let event = json!({
            "eventType": "INVOKE",
            "deadlineMs": epoch_ms(current.deadline),
            "requestId": current.info.request_id,
            "invokedFunctionArn": self.function_arn(),
            "tracing": { "type": "X-Amzn-Trace-Id", "value": current.trace.upstream },
        });
        self.send_event(index, event);
    }

    pub(super) fn dispatch_shutdown(&mut self, index: usize, reason: ShutdownReason, deadline: Instant) {
        let event = json!({
            "eventType": "SHUTDOWN",
            "shutdownReason": reason.as_str(),
            "deadlineMs": epoch_ms(deadline),
        });
        self.send_event(index, event);
        self.schedule_kills(KillTrigger::Shutdown);
    }

    fn send_event(&mut self, index: usize, event: Value) {
        if let Some(next) = self.extension_next.remove(&index) {
            // This fails if the extension has cut its connection. It misses the event, as on
            // Lambda, and its deadline ends it.
            let _cut = next.send(CallResponse::Event(event));
        }
    }
}

/// Returns the headers of an invocation, without those that have no value.
pub(super) fn runtime_headers(current: &CurrentInvocation, arn: &str) -> HeaderMap {
    let deadline = epoch_ms(current.deadline).to_string();
    let pairs = [
        ("content-type", "application/json"),
        ("lambda-runtime-aws-request-id", current.info.request_id.as_str()),
        ("lambda-runtime-deadline-ms", &deadline),
        ("lambda-runtime-invoked-function-arn", arn),
        ("lambda-runtime-trace-id", &current.trace.downstream),
        ("lambda-runtime-client-context", current.invocation.client_context.as_deref().unwrap_or_default()),
    ];
    let mut headers = HeaderMap::new();
    for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}

fn epoch_ms(deadline: Instant) -> u128 {
    let at = SystemTime::now() + deadline.saturating_duration_since(Instant::now());
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis()
}
