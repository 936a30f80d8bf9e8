//! One execution environment: its folder, its listener, its processes, and the loop that joins them to its [`Life`].

mod act;
mod deeds;
mod hand;
mod handle;

use std::{
    collections::{HashMap, VecDeque},
    io,
    net::Ipv4Addr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    task::{AbortHandle, JoinSet},
    time::{Instant, sleep_until, timeout},
};
use uuid::Uuid;

pub use self::handle::EnvironmentView;
pub(crate) use self::handle::{Handle, Job};
use self::{
    deeds::Deed,
    handle::{JOBS, ORDERS},
};
use crate::{
    api::{self, Answer, Asked, Door, Identity},
    config::{FunctionConfig, StageConfig},
    events::{Hub, Source, StageEvent},
    faults::SharedFaults,
    life::{Call, Event, Leave, Life, Role, Terms},
    logs::Journal,
    outcome::{Invocation, Outcome, Served},
    pool::Pool,
    process::Processes,
    telemetry::Telemetry,
    trace::Trace,
};

/// How long the last lines of ended processes are waited for. A grandchild that escaped its group could hold a pipe open.
const LAST_LINES: Duration = Duration::from_secs(1);

/// What an environment is made of and for.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) stage: Arc<StageConfig>,
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
    served: Served,
    /// Taken when the client has been answered.
    answer: Option<oneshot::Sender<Outcome>>,
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
    server: AbortHandle,
    journal: Journal,
    view: Arc<Mutex<EnvironmentView>>,
    max_memory_mb: u64,
    anchor: (Instant, SystemTime),
    ended: bool,
}

/// Makes the folder and the listener, and starts the loop. No process is started before the first invocation.
pub(crate) async fn create(plan: Plan) -> io::Result<Handle> {
    let id: Arc<str> = Uuid::new_v4().simple().to_string().into();
    // Twelve digits are enough to tell the environments of a machine apart, and leave room for a socket's path.
    let folder = plan.stage.directory.join(&id[..12]);
    tokio::fs::create_dir_all(folder.join("tmp")).await?;
    let folder = tokio::fs::canonicalize(folder).await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let runtime_api = listener.local_addr()?.to_string();
    let identity = Identity {
        function: plan.function.name.clone(),
        account_id: plan.stage.account_id.clone(),
        faults: plan.faults.clone(),
    };
    let (door, asked) = Door::new(identity);
    let server = tokio::spawn(async move {
        // It ends when it is aborted, with the environment.
        let _never = axum::serve(listener, api::router(door)).await;
    });
    let (jobs, given) = mpsc::channel(JOBS);
    let (orders, ordered) = mpsc::channel(ORDERS);
    let environment = Environment::new(plan, Arc::clone(&id), folder, runtime_api, server.abort_handle());
    let view = Arc::clone(&environment.view);
    tokio::spawn(environment.run(given, ordered, asked));
    Ok(Handle { id, jobs, orders, view })
}

impl Environment {
    fn new(plan: Plan, id: Arc<str>, folder: PathBuf, runtime_api: String, server: AbortHandle) -> Self {
        let log_stream = log_stream(&id);
        let telemetry = Telemetry::new();
        let journal = Journal::new(plan.hub.clone(), telemetry.clone(), &plan.function.name, &id, &log_stream);
        let view = EnvironmentView {
            id: id.to_string(),
            function: plan.function.name.clone(),
            folder: folder.clone(),
            runtime_api: runtime_api.clone(),
            runtime: None,
            extensions: Vec::new(),
            frozen: false,
        };
        let life = Life::new(Terms {
            timeout: plan.function.timeout,
            init_limit: plan.stage.init_limit,
            extensions: plan.stage.extensions.iter().map(|path| file_name(path)).collect(),
            refuse_invoke: false,
        });
        Self {
            plan,
            id,
            folder,
            runtime_api,
            log_stream,
            life,
            processes: Processes::default(),
            waiting_runtime: None,
            waiting_extensions: HashMap::new(),
            asking: None,
            pending: None,
            received: 0,
            current: None,
            follow_ups: VecDeque::new(),
            deeds: Vec::new(),
            telemetry,
            frozen: false,
            readers: JoinSet::new(),
            server,
            journal,
            view: Arc::new(Mutex::new(view)),
            max_memory_mb: 0,
            anchor: (Instant::now(), SystemTime::now()),
            ended: false,
        }
    }

    /// `select!` only names what happened; [`Life::step`] says what to do about it.
    async fn run(
        mut self,
        mut jobs: mpsc::Receiver<Job>,
        mut orders: mpsc::Receiver<Leave>,
        mut asked: mpsc::Receiver<Asked>,
    ) {
        self.plan.hub.publish(StageEvent::EnvironmentStarted {
            environment: self.id.to_string(),
            function: self.plan.function.name.clone(),
            folder: self.folder.clone(),
        });
        while !self.ended {
            let wake_at = self.life.wake_at();
            let deed_at = self.next_deed_at();
            let reached = |at: Option<Instant>| sleep_until(at.unwrap_or_else(Instant::now));
            // What a process said last is heard before its end, and both before the clock.
            let event = tokio::select! { biased;
                Some(asked) = asked.recv() => Some(self.hear(asked)),
                (role, words) = self.processes.exited() => Some(self.saw_exit(role, words)),
                Some(job) = jobs.recv(), if self.pending.is_none() => Some(self.receive(job)),
                Some(leave) = orders.recv() => Some(Event::Leave(leave)),
                () = reached(wake_at), if wake_at.is_some() => Some(Event::TimeUp),
                () = reached(deed_at), if deed_at.is_some() => {
                    self.do_due_deeds();
                    None
                }
            };
            if let Some(event) = event {
                self.step(event);
            }
            while let Some(event) = self.follow_ups.pop_front() {
                self.step(event);
            }
        }
        self.clear_away().await;
    }

    fn step(&mut self, event: Event) {
        for act in self.life.step(event, Instant::now()) {
            self.act(act);
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
        self.plan.hub.publish(StageEvent::ProcessEnded { environment, process, how: words.clone() });
        Event::Exited { role, words }
    }

    /// The last lines, then the folder, then the news.
    async fn clear_away(mut self) {
        self.server.abort();
        let rest = async { while self.readers.join_next().await.is_some() {} };
        // What a stray grandchild still writes after that is not the environment's any more.
        let _stray = timeout(LAST_LINES, rest).await;
        self.plan.pool.remove(&self.id);
        if !self.plan.stage.keep_folders
            && let Err(error) = tokio::fs::remove_dir_all(&self.folder).await
        {
            tracing::warn!(%error, folder = %self.folder.display(), "environment's folder stays");
        }
        let environment = self.id.to_string();
        self.plan.hub.publish(StageEvent::EnvironmentEnded { environment, how: crate::events::Ended::Gone });
    }

    fn source(&self, role: Role) -> Source {
        match role {
            Role::Runtime => Source::Function,
            Role::Extension(index) => Source::Extension(self.extension_name(index)),
        }
    }

    fn extension_name(&self, index: usize) -> String {
        self.plan.stage.extensions.get(index).map(|path| file_name(path)).unwrap_or_default()
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

/// `2026/11/22/[$LATEST]0123…`, as Lambda names the stream of an environment.
fn log_stream(id: &str) -> String {
    let today = time::OffsetDateTime::now_utc().date();
    format!("{:04}/{:02}/{:02}/[$LATEST]{id}", today.year(), u8::from(today.month()), today.day())
}
