//! The present invocation of an environment, from its start to its outcome.

use std::time::SystemTime;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Environment;
use crate::environment_handle::InvocationRequest;
use crate::events::EmulatorEvent;
use crate::faults::KillTrigger;
use crate::lifecycle::Failure;
use crate::outcome::{FailureKind, Invocation, InvocationInfo, Outcome};
use crate::trace::TraceHeaders;

#[derive(Debug)]
pub(super) struct CurrentInvocation {
    pub(super) invocation: Invocation,
    pub(super) trace: TraceHeaders,
    pub(super) deadline: Instant,
    pub(super) info: InvocationInfo,
    /// `None` once the caller has its outcome.
    pub(super) outcome: Option<oneshot::Sender<Outcome>>,
}

impl Environment {
    /// Makes the pending invocation the present one.
    pub(super) fn begin_pending(&mut self, cold_start: bool, deadline: Instant) {
        let Some(request) = self.pending.take() else { return };
        self.current = Some(self.begin(request, cold_start, deadline));
    }

    /// Creates the trace headers of an invocation and publishes its start.
    pub(super) fn begin(&self, request: InvocationRequest, cold_start: bool, deadline: Instant) -> CurrentInvocation {
        let trace = TraceHeaders::new(request.invocation.trace_header.as_deref(), SystemTime::now());
        let info = InvocationInfo {
            request_id: request.request_id,
            environment: self.id.to_string(),
            cold_start,
            trace_header: trace.downstream.clone(),
            segment_id: trace.segment_id.clone(),
        };
        self.context.events.publish(EmulatorEvent::InvocationStarted {
            environment: self.id.to_string(),
            request_id: info.request_id.clone(),
            trace_header: trace.upstream.clone(),
            segment_id: trace.segment_id.clone(),
            cold_start,
        });
        let outcome = Some(request.outcome);
        CurrentInvocation { invocation: request.invocation, trace, deadline, info, outcome }
    }

    /// Sends the outcome of the present invocation to its caller, once.
    pub(super) fn respond(&mut self, result: Result<Bytes, Failure>) {
        let Some(current) = &mut self.current else { return };
        let Some(sender) = current.outcome.take() else { return };
        // This fails if the caller does not wait any more. Lambda's response would be lost too.
        let _gone = sender.send(outcome(result, current.info.clone()));
        self.schedule_kills(KillTrigger::Responded);
    }
}

pub(super) fn outcome(result: Result<Bytes, Failure>, info: InvocationInfo) -> Outcome {
    match result {
        Ok(payload) => Outcome::Succeeded { payload, info },
        Err(failure) => failed_outcome(failure, info),
    }
}

/// Returns the outcome of a failure with Lambda's error document, or with that of the runtime.
/// Lambda puts the request id before its own messages, but not before that of a too large response.
fn failed_outcome(failure: Failure, info: InvocationInfo) -> Outcome {
    let message = match failure.kind {
        FailureKind::TooLarge | FailureKind::Handler => failure.message,
        _ => format!("RequestId: {} Error: {}", info.request_id, failure.message),
    };
    let (payload, error_type, message) = match failure.payload {
        Some(payload) => {
            let document: Value = serde_json::from_slice(&payload).unwrap_or_default();
            let text = |key: &str| document.get(key).and_then(Value::as_str).map(str::to_owned);
            let error_type = text("errorType").unwrap_or(failure.error_type);
            (payload, error_type, text("errorMessage").unwrap_or_default())
        }
        None => {
            let document = json!({ "errorType": failure.error_type, "errorMessage": message });
            (document.to_string().into(), failure.error_type, message)
        }
    };
    Outcome::Failed { error_type, message, payload, kind: failure.kind, info }
}
