//! Makes an environment: its folder, its listener and its loop.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;
use uuid::Uuid;

use super::handle::{JOBS, ORDERS};
use super::managed::Managed;
use super::{Environment, EnvironmentView, Handle, Plan, WaysIn, file_name};
use crate::api::{self, Door, Identity};
use crate::life::{Life, Terms};
use crate::logs::Journal;
use crate::process::Processes;
use crate::telemetry::Telemetry;

/// Makes the folder and the listener, and starts the loop. No process is started before the first invocation.
pub(crate) async fn create(plan: Plan) -> io::Result<Handle> {
    let id: Arc<str> = Uuid::new_v4().simple().to_string().into();
    // Twelve digits are enough to tell the environments of a machine apart, and leave room for a socket's path.
    let folder = plan.emulator.directory.join(&id[..12]);
    tokio::fs::create_dir_all(folder.join("tmp")).await?;
    let folder = tokio::fs::canonicalize(folder).await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let runtime_api = listener.local_addr()?.to_string();
    let identity = Identity {
        function: plan.function.name.clone(),
        account_id: plan.emulator.account_id.clone(),
        faults: plan.faults.clone(),
    };
    let (door, calls) = Door::new(identity);
    let server = tokio::spawn(async move {
        // It ends when it is aborted, with the environment.
        let _never = axum::serve(listener, api::router(door)).await;
    });
    // Of several at once, each may cross another on its way.
    let (jobs, given) = mpsc::channel(JOBS.max(2 * plan.emulator.managed_concurrency.unwrap_or_default()));
    let (orders, ordered) = mpsc::channel(ORDERS);
    let concurrency = plan.emulator.managed_concurrency;
    let environment = Environment::new(plan, Arc::clone(&id), folder, runtime_api, server.abort_handle());
    let view = Arc::clone(&environment.view);
    let ways_in = WaysIn { jobs: given, orders: ordered, calls };
    match concurrency {
        None => tokio::spawn(environment.run(ways_in)),
        Some(most) => tokio::spawn(Managed::new(environment, most).run(ways_in)),
    };
    Ok(Handle { id, jobs, orders, view })
}

impl Environment {
    fn new(plan: Plan, id: Arc<str>, folder: PathBuf, runtime_api: String, server: AbortHandle) -> Self {
        let log_stream = log_stream(&id);
        let telemetry = Telemetry::new();
        let journal = Journal::new(plan.hub.clone(), telemetry.clone(), &plan.function.name, &id, &log_stream);
        let view = view(&plan, &id, &folder, &runtime_api);
        let life = Life::new(terms(&plan));
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
            taps: Vec::new(),
            server,
            journal,
            view: Arc::new(Mutex::new(view)),
            max_memory_mb: 0,
            anchor: (Instant::now(), SystemTime::now()),
            ended: false,
        }
    }
}

fn view(plan: &Plan, id: &str, folder: &Path, runtime_api: &str) -> EnvironmentView {
    EnvironmentView {
        id: id.to_owned(),
        function: plan.function.name.clone(),
        folder: folder.to_owned(),
        runtime_api: runtime_api.to_owned(),
        runtime: None,
        extensions: Vec::new(),
        frozen: false,
    }
}

fn terms(plan: &Plan) -> Terms {
    Terms {
        timeout: plan.function.timeout,
        init_limit: plan.emulator.init_limit,
        extensions: plan.emulator.extensions.iter().map(|path| file_name(path)).collect(),
        refuse_invoke: false,
    }
}

/// `2026/11/22/[$LATEST]0123…`, as Lambda names the stream of an environment.
fn log_stream(id: &str) -> String {
    let today = time::OffsetDateTime::now_utc().date();
    format!("{:04}/{:02}/{:02}/[$LATEST]{id}", today.year(), u8::from(today.month()), today.day())
}
