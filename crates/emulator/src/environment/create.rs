//! Creates an environment: its folder, its API and its loop.

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

use super::managed::Managed;
use super::{Environment, EnvironmentContext, Inbox, file_name};
use crate::api::{ApiState, FunctionIdentity};
use crate::environment_handle::{
    EnvironmentHandle, EnvironmentSnapshot, INVOCATION_QUEUE_LENGTH, TERMINATION_QUEUE_LENGTH,
};
use crate::lifecycle::{Lifecycle, LifecycleConfig};
use crate::logs::LogForwarder;
use crate::process::Processes;
use crate::routes;
use crate::telemetry::Telemetry;

/// The length of the folder's name. Twelve hex digits are enough to distinguish the environments
/// of a machine, and leave space for the path of a socket.
const FOLDER_NAME_LENGTH: usize = 12;

/// Creates the folder and the API, and starts the loop. Processes start with the first invocation.
pub(crate) async fn create(context: EnvironmentContext) -> io::Result<EnvironmentHandle> {
    let id: Arc<str> = Uuid::new_v4().simple().to_string().into();
    let folder = context.emulator.directory.join(&id[..FOLDER_NAME_LENGTH]);
    tokio::fs::create_dir_all(folder.join("tmp")).await?;
    let folder = tokio::fs::canonicalize(folder).await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let runtime_api = listener.local_addr()?.to_string();
    let identity = FunctionIdentity {
        function: context.function.name.clone(),
        account_id: context.emulator.account_id.clone(),
        faults: context.faults.clone(),
    };
    let (api, calls) = ApiState::new(identity);
    let server = tokio::spawn(async move {
        // The server ends when the environment aborts it.
        let _never = axum::serve(listener, routes::router(api)).await;
    });
    let concurrency = context.emulator.managed_concurrency;
    // Each concurrent invocation may be sent while an update of the capacity is on its way.
    let queue_length = INVOCATION_QUEUE_LENGTH.max(2 * concurrency.unwrap_or_default());
    let (invocations, received_invocations) = mpsc::channel(queue_length);
    let (terminations, received_terminations) = mpsc::channel(TERMINATION_QUEUE_LENGTH);
    let environment = Environment::new(context, Arc::clone(&id), folder, runtime_api, server.abort_handle());
    let snapshot = Arc::clone(&environment.snapshot);
    let inbox = Inbox { invocations: received_invocations, terminations: received_terminations, calls };
    match concurrency {
        None => tokio::spawn(environment.run(inbox)),
        Some(concurrency) => tokio::spawn(Managed::new(environment, concurrency).run(inbox)),
    };
    Ok(EnvironmentHandle { id, invocations, terminations, snapshot })
}

impl Environment {
    fn new(
        context: EnvironmentContext,
        id: Arc<str>,
        folder: PathBuf,
        runtime_api: String,
        server: AbortHandle,
    ) -> Self {
        let log_stream = log_stream(&id);
        let telemetry = Telemetry::new();
        let function = &context.function.name;
        let logs = LogForwarder::new(context.events.clone(), telemetry.clone(), function, &id, &log_stream);
        let snapshot = snapshot(&context, &id, &folder, &runtime_api);
        let lifecycle = Lifecycle::new(lifecycle_config(&context));
        Self {
            context,
            id,
            folder,
            runtime_api,
            log_stream,
            lifecycle,
            processes: Processes::default(),
            runtime_next: None,
            extension_next: HashMap::new(),
            unanswered: None,
            pending: None,
            received: 0,
            current: None,
            follow_ups: VecDeque::new(),
            timers: Vec::new(),
            telemetry,
            frozen: false,
            log_readers: JoinSet::new(),
            output_drains: Vec::new(),
            server,
            logs,
            snapshot: Arc::new(Mutex::new(snapshot)),
            max_memory_mb: 0,
            clock_anchor: (Instant::now(), SystemTime::now()),
            ended: false,
        }
    }
}

fn snapshot(context: &EnvironmentContext, id: &str, folder: &Path, runtime_api: &str) -> EnvironmentSnapshot {
    EnvironmentSnapshot {
        id: id.to_owned(),
        function: context.function.name.clone(),
        folder: folder.to_owned(),
        runtime_api: runtime_api.to_owned(),
        runtime: None,
        extensions: Vec::new(),
        frozen: false,
    }
}

fn lifecycle_config(context: &EnvironmentContext) -> LifecycleConfig {
    LifecycleConfig {
        timeout: context.function.timeout,
        init_limit: context.emulator.init_limit,
        extensions: context.emulator.extensions.iter().map(|path| file_name(path)).collect(),
        refuse_invoke: false,
    }
}

/// Returns the name of the log stream: `2026/11/22/[$LATEST]0123…`, as Lambda names it.
fn log_stream(id: &str) -> String {
    let today = time::OffsetDateTime::now_utc().date();
    format!("{:04}/{:02}/{:02}/[$LATEST]{id}", today.year(), u8::from(today.month()), today.day())
}
