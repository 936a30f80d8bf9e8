//! The loop of an environment: waits for the next event, asks the lifecycle, performs its actions.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{Environment, Inbox, UnansweredCall};
use crate::api::PendingCall;
use crate::environment_handle::InvocationRequest;
use crate::events::EmulatorEvent;
use crate::lifecycle::{ApiCall, Event, ProcessRole};

/// How long calls may delay a deadline. Calls come before deadlines, so a process that calls
/// without a pause could otherwise escape its deadline.
const MAX_DEADLINE_DELAY: Duration = Duration::from_millis(50);

impl Environment {
    /// Handles one event after the other until the environment ends.
    pub(super) async fn run(mut self, mut inbox: Inbox) {
        self.publish_start();
        while !self.ended {
            if let Some(event) = self.next_event(&mut inbox).await {
                if event.may_end_an_invocation() {
                    self.drain_output().await;
                }
                self.step(event);
            }
        }
        self.remove().await;
    }

    pub(super) fn publish_start(&self) {
        self.context.events.publish(EmulatorEvent::EnvironmentStarted {
            environment: self.id.to_string(),
            function: self.context.function.name.clone(),
            folder: self.folder.clone(),
        });
    }

    /// Waits for the next event. Decides nothing: that is the task of the lifecycle.
    async fn next_event(&mut self, inbox: &mut Inbox) -> Option<Event> {
        let (deadline, timer_at) = (self.lifecycle.next_deadline(), self.next_timer_at());
        if deadline.is_some_and(|at| Instant::now() > at + MAX_DEADLINE_DELAY) {
            return Some(Event::DeadlinePassed);
        }
        let reached = |at: Option<Instant>| sleep_until(at.unwrap_or_else(Instant::now));
        // The last call of a process comes before its exit, and both come before deadlines.
        tokio::select! { biased;
            Some(call) = inbox.calls.recv() => Some(self.receive_call(call)),
            (role, exit_status) = self.processes.next_exit() => Some(self.process_exited(role, exit_status)),
            Some(request) = inbox.invocations.recv(), if self.pending.is_none() => Some(self.receive(request)),
            Some(termination) = inbox.terminations.recv() => Some(Event::Terminate(termination)),
            () = reached(deadline), if deadline.is_some() => Some(Event::DeadlinePassed),
            () = reached(timer_at), if timer_at.is_some() => {
                self.run_due_timers();
                self.follow_ups.pop_front()
            }
        }
    }

    /// Steps through an event and those that follow from its actions.
    fn step(&mut self, event: Event) {
        let mut next = Some(event);
        while let Some(event) = next {
            for action in self.lifecycle.step(event, Instant::now()) {
                self.perform(action);
            }
            next = self.follow_ups.pop_front();
        }
    }

    fn receive_call(&mut self, pending: PendingCall) -> Event {
        let next_of = match &pending.call {
            ApiCall::RuntimeNext => Some(ProcessRole::Runtime),
            ApiCall::ExtensionNext { id } => self.lifecycle.extension_index(id).map(ProcessRole::Extension),
            _ => None,
        };
        self.unanswered = Some(UnansweredCall { response: pending.response, next_of });
        Event::Called(pending.call)
    }

    fn receive(&mut self, request: InvocationRequest) -> Event {
        let request_id = request.request_id.clone();
        self.received += 1;
        self.lifecycle.config_mut().refuse_invoke = self.context.faults.get().refuse_invoke;
        self.pending = Some(request);
        Event::Invoke { request_id }
    }

    pub(super) fn process_exited(&mut self, role: ProcessRole, exit_status: String) -> Event {
        self.update_snapshot();
        let environment = self.id.to_string();
        let process = self.source(role);
        let event = EmulatorEvent::ProcessEnded { environment, process, exit_status: exit_status.clone() };
        self.context.events.publish(event);
        Event::Exited { role, exit_status }
    }
}
