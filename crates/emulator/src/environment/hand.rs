//! Hands events to whoever waits in `next`.

use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;
use tokio::time::Instant;

use super::{Current, Environment};
use crate::api::Answer;
use crate::faults::KillTrigger;
use crate::life::{Reason, Role};

impl Environment {
    /// Keeps the `next` that was just stepped until there is something to hand over.
    pub(super) fn park(&mut self) {
        match self.asking.take() {
            Some((answer, Some(Role::Runtime))) => self.waiting_runtime = Some(answer),
            Some((answer, Some(Role::Extension(index)))) => {
                self.waiting_extensions.insert(index, answer);
            }
            Some((_, None)) | None => (),
        }
    }

    pub(super) fn hand_to_runtime(&mut self) {
        let Some(current) = &self.current else { return };
        let headers = runtime_headers(current, &self.plan.emulator.arn(&self.plan.function.name));
        let answer = Answer::Invocation { headers, payload: current.invocation.payload.clone() };
        if let Some(waiting) = self.waiting_runtime.take() {
            // A runtime whose `next` was cut off meanwhile asks again and gets it then.
            let _cut_off = waiting.send(answer);
        }
        self.plan_kills(KillTrigger::Invoked);
    }

    pub(super) fn hand_to_extension(&mut self, index: usize) {
        let Some(current) = &self.current else { return };
        let event = json!({
            "eventType": "INVOKE",
            "deadlineMs": epoch_ms(current.deadline),
            "requestId": current.served.request_id,
            "invokedFunctionArn": self.plan.emulator.arn(&self.plan.function.name),
            "tracing": { "type": "X-Amzn-Trace-Id", "value": current.trace.upstream },
        });
        self.send_event(index, event);
    }

    pub(super) fn hand_shutdown(&mut self, index: usize, reason: Reason, deadline: Instant) {
        let event = json!({
            "eventType": "SHUTDOWN",
            "shutdownReason": reason.word(),
            "deadlineMs": epoch_ms(deadline),
        });
        self.send_event(index, event);
        self.plan_kills(KillTrigger::Shutdown);
    }

    fn send_event(&mut self, index: usize, event: serde_json::Value) {
        if let Some(waiting) = self.waiting_extensions.remove(&index) {
            // An extension that cut its own `next` off misses the event, as on Lambda; its deadline ends that.
            let _gone = waiting.send(Answer::Event(event));
        }
    }
}

pub(super) fn runtime_headers(current: &Current, arn: &str) -> HeaderMap {
    let deadline = epoch_ms(current.deadline).to_string();
    let pairs = [
        ("content-type", "application/json"),
        ("lambda-runtime-aws-request-id", current.served.request_id.as_str()),
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
