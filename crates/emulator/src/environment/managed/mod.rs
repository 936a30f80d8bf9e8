//! An environment of Lambda Managed Instances: it serves several invocations at once.
//!
//! It is never frozen, its extensions get SHUTDOWN only, and the exit of any process ends it. The
//! facts are from the developer guide: "Lambda Managed Instances", pages on the execution
//! environment and on Rust.

mod api_calls;
mod invocations;
mod shutdown;

use std::collections::{HashMap, VecDeque};

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use self::invocations::RunningInvocation;
use super::{Environment, Inbox};
use crate::api::CallResponse;
use crate::environment_handle::InvocationRequest;
use crate::lifecycle::{Event, Failure, ProcessRole, ShutdownReason, Termination};
use crate::platform::{InitKind, PlatformEvent};

#[derive(Debug)]
pub(super) struct Managed {
    /// Processes, logs and telemetry. Its lifecycle is not used.
    base: Environment,
    /// How many invocations it serves at once.
    concurrency: usize,
    started: bool,
    /// The open `next` calls of the runtime's workers.
    workers: VecDeque<oneshot::Sender<CallResponse>>,
    queue: VecDeque<InvocationRequest>,
    running: HashMap<String, RunningInvocation>,
    /// The ids of the extensions that have registered.
    extensions: Vec<Option<String>>,
    /// Set once extensions get SHUTDOWN.
    shutdown: Option<(ShutdownReason, Instant)>,
}

/// Why the environment stops to serve.
#[derive(Debug)]
enum Stop {
    /// A process exited, or the memory limit was exceeded.
    Failed(Failure),
    Terminated(Termination),
}

impl Managed {
    pub(super) fn new(base: Environment, concurrency: usize) -> Self {
        let extensions = base.context.emulator.extensions.iter().map(|_| None).collect();
        Self {
            base,
            concurrency,
            started: false,
            workers: VecDeque::new(),
            queue: VecDeque::new(),
            running: HashMap::new(),
            extensions,
            shutdown: None,
        }
    }

    pub(super) async fn run(mut self, mut inbox: Inbox) {
        self.base.publish_start();
        let stop = self.serve(&mut inbox).await;
        self.base.context.pool.set_capacity(&self.base.id, false);
        self.end(stop, &mut inbox).await;
        self.base.remove().await;
    }

    async fn serve(&mut self, inbox: &mut Inbox) -> Stop {
        let mut terminating = false;
        loop {
            if terminating && self.running.is_empty() && self.queue.is_empty() {
                return Stop::Terminated(Termination::AfterInvocation);
            }
            let (deadline, timer_at) = (self.next_deadline(), self.base.next_timer_at());
            let reached = |at: Option<Instant>| sleep_until(at.unwrap_or_else(Instant::now));
            tokio::select! { biased;
                Some(call) = inbox.calls.recv() => {
                    if let Some(failure) = self.called(call).await {
                        return Stop::Failed(failure);
                    }
                }
                (role, exit_status) = self.base.processes.next_exit() => {
                    self.base.drain_output().await;
                    let _event = self.base.process_exited(role, exit_status.clone());
                    return Stop::Failed(failure_of_exit(role, &exit_status));
                }
                Some(request) = inbox.invocations.recv() => self.receive(request),
                Some(termination) = inbox.terminations.recv() => match termination {
                    Termination::AfterInvocation => terminating = true,
                    Termination::Now | Termination::Kill => return Stop::Terminated(termination),
                },
                () = reached(deadline), if deadline.is_some() => self.time_out_invocations(),
                () = reached(timer_at), if timer_at.is_some() => {
                    self.base.run_due_timers();
                    if let Some(Event::OutOfMemory) = self.base.follow_ups.pop_front() {
                        return Stop::Failed(Failure::out_of_memory());
                    }
                }
            }
        }
    }

    fn receive(&mut self, request: InvocationRequest) {
        self.queue.push_back(request);
        if !std::mem::replace(&mut self.started, true) {
            self.base.publish(&PlatformEvent::InitStart { kind: InitKind::Init });
            (0..self.extensions.len()).for_each(|index| self.base.start_process(ProcessRole::Extension(index)));
            self.start_runtime_when_registered();
        }
        self.dispatch_queue();
    }

    fn start_runtime_when_registered(&mut self) {
        if self.extensions.iter().all(Option::is_some) {
            self.base.start_process(ProcessRole::Runtime);
        }
    }

    /// Whether all extensions have called `next`.
    fn is_initialized(&self) -> bool {
        self.base.extension_next.len() == self.extensions.len()
    }
}

fn failure_of_exit(role: ProcessRole, exit_status: &str) -> Failure {
    match role {
        ProcessRole::Runtime => Failure::runtime_exited(exit_status),
        ProcessRole::Extension(_) => Failure::extension_exited("Extension.Crash", exit_status),
    }
}
