//! The public entry point: functions by name, and the environments that serve them.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::join_all;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::config::{EmulatorConfig, FunctionConfig};
use crate::environment::{self, EnvironmentContext};
use crate::environment_handle::{EnvironmentHandle, EnvironmentSnapshot, InvocationRequest};
use crate::event_bus::{EventBus, Subscription};
use crate::faults::{Faults, SharedFaults};
use crate::lifecycle::Termination;
use crate::outcome::{Invocation, InvokeError, Outcome, PAYLOAD_LIMIT};
use crate::pool::{Pool, Selection};
use crate::reaper::Reaper;

/// How often an invocation selects another environment because the selected one has just ended.
const ATTEMPTS: usize = 3;

const ENVIRONMENT_ENDED: &str = "the environment has ended";

/// A Lambda service on one machine. A clone is the same emulator.
#[derive(Debug, Clone)]
pub struct Emulator {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: Arc<EmulatorConfig>,
    functions: BTreeMap<String, Function>,
    events: EventBus,
    marker: Arc<str>,
    reaper: Mutex<Option<Reaper>>,
    closed: AtomicBool,
}

impl Drop for Inner {
    /// Kills all environments of an emulator that is dropped without a shutdown.
    fn drop(&mut self) {
        for handle in self.functions.values().flat_map(|function| function.pool.handles()) {
            handle.request_kill();
        }
    }
}

#[derive(Debug)]
struct Function {
    config: Arc<FunctionConfig>,
    pool: Arc<Pool>,
    faults: SharedFaults,
}

impl Emulator {
    /// Creates an emulator for these functions. Their processes start with their first invocation.
    /// Subscribe before that to receive every event.
    ///
    /// # Errors
    /// Returns an error if the directory cannot be created or the reaper's shell cannot be started.
    pub fn new(config: EmulatorConfig, functions: Vec<FunctionConfig>) -> io::Result<Self> {
        std::fs::create_dir_all(&config.directory)?;
        let marker: Arc<str> = Uuid::new_v4().to_string().into();
        let reaper = Reaper::start(&marker)?;
        let functions = functions.into_iter().map(|config| {
            let (name, config) = (config.name.clone(), Arc::new(config));
            (name, Function { config, pool: Arc::default(), faults: SharedFaults::default() })
        });
        let inner = Inner {
            config: Arc::new(config),
            functions: functions.collect(),
            events: EventBus::default(),
            marker,
            reaper: Mutex::new(Some(reaper)),
            closed: AtomicBool::new(false),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Invokes a function synchronously and waits for its outcome. If the caller drops the future,
    /// the environment finishes the invocation anyway.
    ///
    /// # Errors
    /// Returns an error if the invocation was not accepted. A function that fails is an
    /// [`Outcome`].
    pub async fn invoke(&self, function: &str, invocation: Invocation) -> Result<Outcome, InvokeError> {
        if invocation.payload.len() > PAYLOAD_LIMIT {
            return Err(InvokeError::PayloadTooLarge(invocation.payload.len()));
        }
        let unknown = || InvokeError::UnknownFunction(function.to_owned());
        let function = self.inner.functions.get(function).ok_or_else(unknown)?;
        let (outcome, received) = oneshot::channel();
        let request = InvocationRequest { request_id: Uuid::new_v4().to_string(), invocation, outcome };
        self.dispatch(function, request).await?;
        received.await.map_err(|_| self.environment_ended())
    }

    /// Returns a subscription to all events from now on.
    pub fn subscribe(&self) -> Subscription {
        self.inner.events.subscribe()
    }

    /// Returns the environments that exist now.
    pub fn environments(&self) -> Vec<EnvironmentSnapshot> {
        self.handles().iter().map(EnvironmentHandle::snapshot).collect()
    }

    /// Injects these faults into the environments of a function. They replace earlier ones.
    ///
    /// # Errors
    /// Returns an error if no function has this name.
    pub fn set_faults(&self, function: &str, faults: Faults) -> Result<(), InvokeError> {
        let unknown = || InvokeError::UnknownFunction(function.to_owned());
        self.inner.functions.get(function).ok_or_else(unknown)?.faults.set(faults);
        Ok(())
    }

    /// Spins an environment down, as AWS does from time to time, and waits until it is gone. After
    /// its present invocation it gets SHUTDOWN with reason `spindown`; then its processes end and
    /// its folder is deleted. An unknown id is ignored.
    pub async fn spin_down(&self, environment: &str) {
        self.terminate(environment, Termination::AfterInvocation).await;
    }

    /// Kills the processes of an environment and deletes its folder. No process gets SHUTDOWN or
    /// SIGTERM. An unknown id is ignored.
    pub async fn destroy(&self, environment: &str) {
        self.terminate(environment, Termination::Kill).await;
    }

    /// Ends every environment and waits until no process is left, which takes up to two seconds.
    /// Extensions get SHUTDOWN. Invocations that still run fail.
    pub async fn shutdown(self) {
        self.inner.closed.store(true, Ordering::SeqCst);
        join_all(self.handles().iter().map(|handle| handle.terminate(Termination::Now))).await;
        let reaper = self.inner.reaper.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(reaper) = reaper else { return };
        let reaped = tokio::task::spawn_blocking(|| reaper.reap()).await;
        if let Err(error) = reaped.map_err(io::Error::other).flatten() {
            tracing::warn!(%error, "failed to wait for the reaper: processes may be left");
        }
    }

    async fn terminate(&self, environment: &str, termination: Termination) {
        for function in self.inner.functions.values() {
            if let Some(handle) = function.pool.remove(environment) {
                handle.terminate(termination).await;
            }
        }
    }

    fn handles(&self) -> Vec<EnvironmentHandle> {
        self.inner.functions.values().flat_map(|function| function.pool.handles()).collect()
    }

    async fn dispatch(&self, function: &Function, mut request: InvocationRequest) -> Result<(), InvokeError> {
        let limit = self.inner.config.environments_per_function;
        for _ in 0..ATTEMPTS {
            if self.inner.closed.load(Ordering::SeqCst) {
                return Err(InvokeError::Closed);
            }
            match function.pool.select(limit) {
                Selection::Throttled => return Err(InvokeError::Throttled(limit)),
                // On its own task: if the caller goes away, the new environment still gets its
                // invocation.
                Selection::Create => {
                    let context = self.context(function);
                    let created = tokio::spawn(create_for(Arc::clone(&self.inner), context, request)).await;
                    let created = created.map_err(io::Error::other).flatten();
                    return created.map_err(|error| InvokeError::Environment(error.to_string()));
                }
                Selection::Use(handle) => match handle.send(request) {
                    Ok(()) => return Ok(()),
                    Err(unsent) => request = unsent,
                },
            }
        }
        Err(self.environment_ended())
    }

    fn context(&self, function: &Function) -> EnvironmentContext {
        EnvironmentContext {
            emulator: Arc::clone(&self.inner.config),
            function: Arc::clone(&function.config),
            pool: Arc::clone(&function.pool),
            events: self.inner.events.clone(),
            marker: Arc::clone(&self.inner.marker),
            faults: function.faults.clone(),
        }
    }

    fn environment_ended(&self) -> InvokeError {
        match self.inner.closed.load(Ordering::SeqCst) {
            true => InvokeError::Closed,
            false => InvokeError::Environment(ENVIRONMENT_ENDED.to_owned()),
        }
    }
}

/// Creates an environment and sends it its first invocation. If the emulator was shut down in the
/// meantime, the environment is dropped.
async fn create_for(emulator: Arc<Inner>, context: EnvironmentContext, request: InvocationRequest) -> io::Result<()> {
    let pool = Arc::clone(&context.pool);
    let created = environment::create(context).await;
    pool.finish_creation(created.as_ref().ok().cloned());
    let handle = created?;
    if emulator.closed.load(Ordering::SeqCst) {
        return Ok(());
    }
    handle.send(request).map_err(|_| io::Error::other(ENVIRONMENT_ENDED))
}
