//! One execution environment: its folder, its listener, its processes, and the loop that joins them to its [`Life`].

mod act;
mod deeds;
mod hand;
mod handle;
mod make;
mod managed;
mod speak;
mod start;

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet, yield_now};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use self::deeds::Deed;
pub use self::handle::EnvironmentView;
pub(crate) use self::handle::{Handle, Job};
pub(crate) use self::make::create;
use crate::api::{Answer, Asked};
use crate::config::{EmulatorConfig, FunctionConfig};
use crate::events::{EmulatorEvent, Hub, Source};
use crate::faults::SharedFaults;
use crate::life::{Call, Event, Leave, Life, Role};
use crate::logs::Journal;
use crate::outcome::{Invocation, InvocationInfo, Outcome};
use crate::output_drain::Tap;
use crate::pool::Pool;
use crate::process::Processes;
use crate::telemetry::Telemetry;
use crate::trace::Trace;

/// Calls are heard before the clock; whoever calls without a pause gains no more than this.
const LATEST: Duration = Duration::from_millis(50);

/// How long lines that are on their way are waited for; they come from a pipe, in microseconds.
const LINES_ON_THEIR_WAY: Duration = Duration::from_millis(20);

/// How often readers are given their turn before time is given to them.
const TURNS: usize = 32;

/// A pipe tells only its reader when it runs dry.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// How long the last lines of ended processes are waited for. A grandchild that escaped its group could hold a pipe open.
const LAST_LINES: Duration = Duration::from_secs(1);

/// What an environment is made of and for.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) emulator: Arc<EmulatorConfig>,
    pub(crate) function: Arc<FunctionConfig>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) hub: Hub,
    pub(crate) marker: Arc<str>,
    pub(crate) faults: SharedFaults,
}

/// The present invocation.
#[derive(Debug)]
struct Current {
    invocation: Invocation,
    trace: Trace,
    deadline: Instant,
    served: InvocationInfo,
    /// Taken when the client has been answered.
    answer: Option<oneshot::Sender<Outcome>>,
}

/// How others reach the loop.
#[derive(Debug)]
struct WaysIn {
    jobs: mpsc::Receiver<Job>,
    orders: mpsc::Receiver<Leave>,
    calls: mpsc::Receiver<Asked>,
}

#[derive(Debug)]
struct Environment {
    plan: Plan,
    id: Arc<str>,
    folder: PathBuf,
    runtime_api: String,
    log_stream: String,
    life: Life,
    processes: Processes,
    /// Open `next` calls.
    waiting_runtime: Option<oneshot::Sender<Answer>>,
    waiting_extensions: HashMap<usize, oneshot::Sender<Answer>>,
    /// The call that is being stepped, and whose `next` it is.
    asking: Option<(oneshot::Sender<Answer>, Option<Role>)>,
    pending: Option<Job>,
    received: u64,
    current: Option<Current>,
    /// What came of an act and is to be stepped next.
    follow_ups: VecDeque<Event>,
    /// What is to be done at a moment of its own.
    deeds: Vec<(Instant, Deed)>,
    telemetry: Telemetry,
    frozen: bool,
    readers: JoinSet<()>,
    taps: Vec<Tap>,
    server: AbortHandle,
    journal: Journal,
    view: Arc<Mutex<EnvironmentView>>,
    max_memory_mb: u64,
    anchor: (Instant, SystemTime),
    ended: bool,
}

impl Environment {
    /// One event after the other, until the end.
    async fn run(mut self, mut ways_in: WaysIn) {
        self.plan.hub.publish(EmulatorEvent::EnvironmentStarted {
            environment: self.id.to_string(),
            function: self.plan.function.name.clone(),
            folder: self.folder.clone(),
        });
        while !self.ended {
            if let Some(event) = self.next_event(&mut ways_in).await {
                if event.may_end_an_invocation() {
                    self.settle().await;
                }
                self.step(event);
            }
        }
        self.clear_away().await;
    }

    /// Lets the lines that were written until now be passed on before the platform speaks. A function that never stops writing
    /// is not waited for.
    async fn settle(&self) {
        let dry = async {
            // A reader that is awake needs no more than its turn.
            for _ in 0..TURNS {
                if self.taps.iter().all(Tap::is_dry) {
                    return;
                }
                yield_now().await;
            }
            while !self.taps.iter().all(Tap::is_dry) {
                sleep(LOOK_AGAIN).await;
            }
        };
        let _wet = timeout(LINES_ON_THEIR_WAY, dry).await;
    }

    /// Only names what happened; [`Life::step`] says what to do about it.
    async fn next_event(&mut self, ways_in: &mut WaysIn) -> Option<Event> {
        let (wake_at, deed_at) = (self.life.wake_at(), self.next_deed_at());
        if wake_at.is_some_and(|at| Instant::now() > at + LATEST) {
            return Some(Event::TimeUp);
        }
        let reached = |at: Option<Instant>| sleep_until(at.unwrap_or_else(Instant::now));
        // What a process said last is heard before its end, and both before the clock.
        tokio::select! { biased;
            Some(asked) = ways_in.calls.recv() => Some(self.hear(asked)),
            (role, words) = self.processes.exited() => Some(self.saw_exit(role, words)),
            Some(job) = ways_in.jobs.recv(), if self.pending.is_none() => Some(self.receive(job)),
            Some(leave) = ways_in.orders.recv() => Some(Event::Leave(leave)),
            () = reached(wake_at), if wake_at.is_some() => Some(Event::TimeUp),
            () = reached(deed_at), if deed_at.is_some() => {
                self.do_due_deeds();
                self.follow_ups.pop_front()
            }
        }
    }

    /// Does what the event leads to, and what comes of that.
    fn step(&mut self, event: Event) {
        let mut next = Some(event);
        while let Some(event) = next {
            for act in self.life.step(event, Instant::now()) {
                self.act(act);
            }
            next = self.follow_ups.pop_front();
        }
    }

    fn hear(&mut self, asked: Asked) -> Event {
        let whose = match &asked.call {
            Call::RuntimeNext => Some(Role::Runtime),
            Call::ExtensionNext { id } => self.life.extension_index(id).map(Role::Extension),
            _ => None,
        };
        self.asking = Some((asked.answer, whose));
        Event::Called(asked.call)
    }

    fn receive(&mut self, job: Job) -> Event {
        let request_id = job.request_id.clone();
        self.received += 1;
        self.life.terms_mut().refuse_invoke = self.plan.faults.now().refuse_invoke;
        self.pending = Some(job);
        Event::Invoke { request_id }
    }

    fn saw_exit(&mut self, role: Role, words: String) -> Event {
        self.update_view();
        let environment = self.id.to_string();
        let process = self.source(role);
        self.plan.hub.publish(EmulatorEvent::ProcessEnded { environment, process, exit_status: words.clone() });
        Event::Exited { role, words }
    }

    /// The last lines, then the folder, then the news.
    async fn clear_away(mut self) {
        self.server.abort();
        let rest = async { while self.readers.join_next().await.is_some() {} };
        // What a stray grandchild still writes after that is not the environment's any more.
        let _stray = timeout(LAST_LINES, rest).await;
        self.plan.pool.remove(&self.id);
        if !self.plan.emulator.keep_folders
            && let Err(error) = tokio::fs::remove_dir_all(&self.folder).await
        {
            tracing::warn!(%error, folder = %self.folder.display(), "environment's folder stays");
        }
        let environment = self.id.to_string();
        self.plan
            .hub
            .publish(EmulatorEvent::EnvironmentEnded { environment, end: crate::events::EnvironmentEnd::Removed });
    }

    fn source(&self, role: Role) -> Source {
        match role {
            Role::Runtime => Source::Function,
            Role::Extension(index) => Source::Extension(self.extension_name(index)),
        }
    }

    fn extension_name(&self, index: usize) -> String {
        self.plan.emulator.extensions.get(index).map(|path| file_name(path)).unwrap_or_default()
    }

    fn update_view(&self) {
        let mut view = self.view.lock().unwrap_or_else(PoisonError::into_inner);
        (view.runtime, view.extensions) = (None, Vec::new());
        for (role, pid) in self.processes.pids() {
            match role {
                Role::Runtime => view.runtime = Some(pid),
                Role::Extension(index) => view.extensions.push((self.extension_name(index), pid)),
            }
        }
    }
}

fn file_name(path: &std::path::Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
