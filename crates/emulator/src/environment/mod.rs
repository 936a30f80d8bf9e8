//! One execution environment: its folder, its API, its processes, and the loop that drives them.

mod cleanup;
mod create;
mod dispatch_next;
mod drain_output;
mod event_loop;
mod fault_injection;
mod invocation;
mod managed;
mod memory_limit;
mod perform;
mod platform_log;
mod start_process;
mod timers;

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

pub(crate) use self::create::create;
use self::invocation::CurrentInvocation;
use self::timers::Timer;
use crate::api::{CallResponse, PendingCall};
use crate::config::{EmulatorConfig, FunctionConfig};
use crate::environment_handle::{EnvironmentSnapshot, InvocationRequest};
use crate::event_bus::EventBus;
use crate::events::Source;
use crate::faults::SharedFaults;
use crate::lifecycle::{Event, Lifecycle, ProcessRole, Termination};
use crate::logs::LogForwarder;
use crate::output_drain::OutputDrain;
use crate::pool::Pool;
use crate::process::Processes;
use crate::telemetry::Telemetry;

/// What an environment shares with its emulator and its function.
#[derive(Debug, Clone)]
pub(crate) struct EnvironmentContext {
    pub(crate) emulator: Arc<EmulatorConfig>,
    pub(crate) function: Arc<FunctionConfig>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) events: EventBus,
    pub(crate) marker: Arc<str>,
    pub(crate) faults: SharedFaults,
}

/// The messages that reach the loop.
#[derive(Debug)]
struct Inbox {
    invocations: mpsc::Receiver<InvocationRequest>,
    terminations: mpsc::Receiver<Termination>,
    calls: mpsc::Receiver<PendingCall>,
}

/// An API call that the lifecycle has not answered yet.
#[derive(Debug)]
struct UnansweredCall {
    response: oneshot::Sender<CallResponse>,
    /// The process that made the call, if the call is a `next`.
    next_of: Option<ProcessRole>,
}

#[derive(Debug)]
struct Environment {
    context: EnvironmentContext,
    id: Arc<str>,
    folder: PathBuf,
    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    runtime_api: String,
    log_stream: String,
    lifecycle: Lifecycle,
    processes: Processes,
    /// The runtime's open `next`.
    runtime_next: Option<oneshot::Sender<CallResponse>>,
    /// The open `next` of each extension.
    extension_next: HashMap<usize, oneshot::Sender<CallResponse>>,
    /// The call that the present step is about.
    unanswered: Option<UnansweredCall>,
    pending: Option<InvocationRequest>,
    /// How many invocations were received.
    received: u64,
    current: Option<CurrentInvocation>,
    /// Events that came from actions. They are stepped next.
    follow_ups: VecDeque<Event>,
    timers: Vec<(Instant, Timer)>,
    telemetry: Telemetry,
    frozen: bool,
    log_readers: JoinSet<()>,
    output_drains: Vec<OutputDrain>,
    server: AbortHandle,
    logs: LogForwarder,
    snapshot: Arc<Mutex<EnvironmentSnapshot>>,
    max_memory_mb: u64,
    /// The same time on both clocks.
    clock_anchor: (Instant, SystemTime),
    ended: bool,
}

impl Environment {
    fn source(&self, role: ProcessRole) -> Source {
        match role {
            ProcessRole::Runtime => Source::Function,
            ProcessRole::Extension(index) => Source::Extension(self.extension_name(index)),
        }
    }

    fn extension_name(&self, index: usize) -> String {
        self.context.emulator.extensions.get(index).map(|path| file_name(path)).unwrap_or_default()
    }

    fn function_arn(&self) -> String {
        self.context.emulator.arn(&self.context.function.name)
    }

    /// Copies the process ids into the snapshot.
    fn update_snapshot(&self) {
        let mut snapshot = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        (snapshot.runtime, snapshot.extensions) = (None, Vec::new());
        for (role, pid) in self.processes.pids() {
            match role {
                ProcessRole::Runtime => snapshot.runtime = Some(pid),
                ProcessRole::Extension(index) => snapshot.extensions.push((self.extension_name(index), pid)),
            }
        }
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
