//! The concurrent invocations of a Managed Instance: dispatch, timeout and response.

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Managed;
use crate::api::CallResponse;
use crate::environment::dispatch_next::runtime_headers;
use crate::environment::invocation::{CurrentInvocation, outcome};
use crate::environment_handle::InvocationRequest;
use crate::faults::KillTrigger;
use crate::lifecycle::Failure;
use crate::platform::{Completion, PlatformEvent, Span};

/// An invocation that a worker of the runtime has.
#[derive(Debug)]
pub(super) struct RunningInvocation {
    current: CurrentInvocation,
    dispatched: Instant,
}

impl RunningInvocation {
    /// Whether its caller still waits for the outcome.
    fn is_unanswered(&self) -> bool {
        self.current.outcome.is_some()
    }
}

impl Managed {
    /// Sends queued invocations to waiting workers, and reports to the pool whether there is capacity.
    pub(super) fn dispatch_queue(&mut self) {
        while self.is_initialized() && !self.queue.is_empty() {
            let Some(worker) = self.workers.pop_front() else { break };
            if worker.is_closed() {
                continue;
            }
            let Some(request) = self.queue.pop_front() else { break };
            self.dispatch(request, worker);
        }
        self.update_capacity();
    }

    fn update_capacity(&self) {
        let has_capacity = self.is_initialized() && self.running.len() + self.queue.len() < self.concurrency;
        self.base.context.pool.set_capacity(&self.base.id, has_capacity);
    }

    fn dispatch(&mut self, request: InvocationRequest, worker: oneshot::Sender<CallResponse>) {
        let now = Instant::now();
        let current = self.base.begin(request, false, now + self.base.context.function.timeout);
        let headers = runtime_headers(&current, &self.base.function_arn());
        let response = CallResponse::Invocation { headers, payload: current.invocation.payload.clone() };
        let current = self.publish_about(current, &PlatformEvent::Start);
        self.running.insert(current.info.request_id.clone(), RunningInvocation { current, dispatched: now });
        // This fails if the worker's connection was cut at this moment. The deadline ends the
        // invocation then.
        let _cut = worker.send(response);
        self.base.schedule_kills(KillTrigger::Invoked);
    }

    /// Publishes a platform event about one of the invocations.
    fn publish_about(&mut self, current: CurrentInvocation, event: &PlatformEvent) -> CurrentInvocation {
        let request_id = current.info.request_id.clone();
        self.base.current = Some(current);
        self.base.publish(event);
        self.base.current.take().unwrap_or_else(|| unreachable!("publish does not take {request_id}"))
    }

    /// Returns the next deadline of an invocation whose caller still waits.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.running.values().filter(|running| running.is_unanswered()).map(|running| running.current.deadline).min()
    }

    /// Fails the invocations whose deadline has passed. Their code runs on, and its response is
    /// lost.
    pub(super) fn time_out_invocations(&mut self) {
        let (now, limit) = (Instant::now(), self.base.context.function.timeout);
        let is_late = |running: &RunningInvocation| running.is_unanswered() && running.current.deadline <= now;
        let late: Vec<String> =
            self.running.iter().filter(|(_, running)| is_late(running)).map(|(id, _)| id.clone()).collect();
        for id in late {
            self.respond(&id, now, Err(Failure::timeout(limit)));
        }
    }

    /// Sends the outcome to the caller and publishes the report, once for each invocation.
    pub(super) fn respond(&mut self, request_id: &str, first_byte: Instant, result: Result<Bytes, Failure>) {
        let Some(RunningInvocation { mut current, dispatched }) = self.running.remove(request_id) else { return };
        let Some(sender) = current.outcome.take() else { return };
        let now = Instant::now();
        let completion = result.as_ref().map_or_else(Failure::completion, |_| Completion::success());
        let latency = first_byte.saturating_duration_since(dispatched);
        let spans = vec![
            Span { name: "responseLatency", start: dispatched, duration: latency },
            Span { name: "responseDuration", start: first_byte, duration: now.saturating_duration_since(first_byte) },
        ];
        let report = PlatformEvent::Report { completion, duration: now - dispatched, init: None, spans };
        let timeout = Failure::timeout(self.base.context.function.timeout);
        let timed_out = matches!(&result, Err(failure) if *failure == timeout);
        let outcome = outcome(result, current.info.clone());
        let current = self.publish_about(current, &report);
        if timed_out {
            // Its worker is still busy.
            self.running.insert(request_id.to_owned(), RunningInvocation { current, dispatched });
        }
        // Before the outcome: the caller may send the next invocation as soon as it has it.
        self.update_capacity();
        // This fails if the caller does not wait any more. Lambda's response would be lost too.
        let _gone = sender.send(outcome);
        self.base.schedule_kills(KillTrigger::Responded);
    }

    /// Fails all invocations that run or wait.
    pub(super) fn fail_all(&mut self, failure: &Failure) {
        let now = Instant::now();
        let running: Vec<String> = self.running.keys().cloned().collect();
        for request_id in running {
            self.respond(&request_id, now, Err(failure.clone()));
        }
        for request in std::mem::take(&mut self.queue) {
            let current = self.base.begin(request, false, now);
            if let Some(sender) = current.outcome {
                let _gone = sender.send(outcome(Err(failure.clone()), current.info));
            }
        }
    }
}
