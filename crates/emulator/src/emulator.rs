//! The emulator: functions by name, their environments, and the way in.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::join_all;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::config::{EmulatorConfig, FunctionConfig};
use crate::environment::{self, EnvironmentView, Handle, Job, Plan};
use crate::events::{Hub, Subscription};
use crate::faults::{Faults, SharedFaults};
use crate::life::Leave;
use crate::outcome::{Invocation, InvokeError, Outcome, PAYLOAD_LIMIT};
use crate::pool::{Choice, Pool};
use crate::reaper::Warden;

/// How often an invocation looks for another environment when the one it was given went away at that very moment.
const ATTEMPTS: usize = 3;

/// A Lambda service on one machine. Clones are the same emulator.
#[derive(Debug, Clone)]
pub struct Emulator {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: Arc<EmulatorConfig>,
    functions: BTreeMap<String, Function>,
    hub: Hub,
    marker: Arc<str>,
    warden: Mutex<Option<Warden>>,
    closed: AtomicBool,
}

impl Drop for Inner {
    /// An emulator that is dropped without a shutdown takes its environments with it, without a word to them.
    fn drop(&mut self) {
        for handle in self.functions.values().flat_map(|function| function.pool.handles()) {
            handle.abandon();
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
    /// An emulator for these functions. No process of theirs is started before their first invocation. Subscribe before it to see
    /// every line.
    ///
    /// # Errors
    /// When the directory can't be made or the warden can't be started.
    pub fn new(config: EmulatorConfig, functions: Vec<FunctionConfig>) -> io::Result<Self> {
        std::fs::create_dir_all(&config.directory)?;
        let marker: Arc<str> = Uuid::new_v4().to_string().into();
        let warden = Warden::start(&marker)?;
        let functions = functions.into_iter().map(|config| {
            let (name, config) = (config.name.clone(), Arc::new(config));
            (name, Function { config, pool: Arc::default(), faults: SharedFaults::default() })
        });
        let inner = Inner {
            config: Arc::new(config),
            functions: functions.collect(),
            hub: Hub::default(),
            marker,
            warden: Mutex::new(Some(warden)),
            closed: AtomicBool::new(false),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Invokes a function and waits for its outcome. Whoever drops the future stops waiting; the environment finishes anyway.
    ///
    /// # Errors
    /// When the invocation was not taken; a function that fails is an [`Outcome`].
    pub async fn invoke(&self, function: &str, invocation: Invocation) -> Result<Outcome, InvokeError> {
        if invocation.payload.len() > PAYLOAD_LIMIT {
            return Err(InvokeError::PayloadTooLarge(invocation.payload.len()));
        }
        let unknown = || InvokeError::UnknownFunction(function.to_owned());
        let function = self.inner.functions.get(function).ok_or_else(unknown)?;
        let (answer, outcome) = oneshot::channel();
        self.dispatch(function, Job { request_id: Uuid::new_v4().to_string(), invocation, answer }).await?;
        outcome.await.map_err(|_| self.gone())
    }

    /// Sees everything that happens from now on.
    pub fn subscribe(&self) -> Subscription {
        self.inner.hub.subscribe()
    }

    /// The environments that live now.
    pub fn environments(&self) -> Vec<EnvironmentView> {
        self.handles().iter().map(Handle::view).collect()
    }

    /// Lets the environments of a function suffer these faults from now on, instead of those set before.
    ///
    /// # Errors
    /// When no function has this name.
    pub fn set_faults(&self, function: &str, faults: Faults) -> Result<(), InvokeError> {
        let unknown = || InvokeError::UnknownFunction(function.to_owned());
        self.inner.functions.get(function).ok_or_else(unknown)?.faults.set(faults);
        Ok(())
    }

    /// Spins an environment down as AWS does now and then: after its present invocation it gets SHUTDOWN `spindown`, its
    /// processes end and its folder goes. Waits until that is done. Nothing happens for an unknown id.
    pub async fn spin_down(&self, environment: &str) {
        self.end(environment, Leave::WhenServed).await;
    }

    /// Takes an environment away with its processes and its folder, without a word to anybody.
    pub async fn destroy(&self, environment: &str) {
        self.end(environment, Leave::Killed).await;
    }

    /// Ends every environment, with SHUTDOWN where an extension waits for it, and waits until no process is left: up to two
    /// seconds. Invocations that still run fail.
    pub async fn shutdown(self) {
        self.inner.closed.store(true, Ordering::SeqCst);
        join_all(self.handles().iter().map(|handle| handle.end(Leave::Now))).await;
        let warden = self.inner.warden.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(warden) = warden else { return };
        match tokio::task::spawn_blocking(|| warden.sweep()).await {
            Ok(Ok(())) => (),
            Ok(Err(error)) => tracing::warn!(%error, "the warden could not be waited for"),
            Err(error) => tracing::warn!(%error, "the warden could not be waited for"),
        }
    }

    async fn end(&self, environment: &str, leave: Leave) {
        for function in self.inner.functions.values() {
            if let Some(handle) = function.pool.remove(environment) {
                handle.end(leave).await;
            }
        }
    }

    fn handles(&self) -> Vec<Handle> {
        self.inner.functions.values().flat_map(|function| function.pool.handles()).collect()
    }

    async fn dispatch(&self, function: &Function, mut job: Job) -> Result<(), InvokeError> {
        let limit = self.inner.config.environments_per_function;
        for _ in 0..ATTEMPTS {
            if self.inner.closed.load(Ordering::SeqCst) {
                return Err(InvokeError::Closed);
            }
            match function.pool.choose(limit) {
                Choice::Throttled => return Err(InvokeError::Throttled(limit)),
                // On a task of its own, so that a caller who goes away does not leave an environment without its invocation.
                Choice::Make => {
                    let made = tokio::spawn(make_for(Arc::clone(&self.inner), self.plan(function), job)).await;
                    let made = made.map_err(io::Error::other).flatten();
                    return made.map_err(|error| InvokeError::Environment(error.to_string()));
                }
                Choice::Take(handle) => match handle.give(job) {
                    Ok(()) => return Ok(()),
                    Err(back) => job = back,
                },
            }
        }
        Err(self.gone())
    }

    fn plan(&self, function: &Function) -> Plan {
        Plan {
            emulator: Arc::clone(&self.inner.config),
            function: Arc::clone(&function.config),
            pool: Arc::clone(&function.pool),
            hub: self.inner.hub.clone(),
            marker: Arc::clone(&self.inner.marker),
            faults: function.faults.clone(),
        }
    }

    fn gone(&self) -> InvokeError {
        match self.inner.closed.load(Ordering::SeqCst) {
            true => InvokeError::Closed,
            false => InvokeError::Environment("it was taken away".to_owned()),
        }
    }
}

/// Makes an environment and gives it its first invocation; one that comes after the emulator's end is dropped.
async fn make_for(emulator: Arc<Inner>, plan: Plan, job: Job) -> io::Result<()> {
    let pool = Arc::clone(&plan.pool);
    let made = environment::create(plan).await;
    pool.made(made.as_ref().ok().cloned());
    let handle = made?;
    if emulator.closed.load(Ordering::SeqCst) {
        return Ok(());
    }
    handle.give(job).map_err(|_| io::Error::other("it was taken away"))
}
