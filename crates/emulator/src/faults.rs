//! Faults on demand: what AWS does to a function now and then, done when a test asks for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the environments of a function suffer. The default is none of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// What becomes of `platform.runtimeDone` on its way to subscribers.
    pub runtime_done: RuntimeDoneFault,
    /// Processes to be killed. Each kill happens once and is then forgotten.
    pub kills: Vec<Kill>,
    /// Extensions are stopped in the middle of their work, after each invocation.
    pub freeze: Option<Freeze>,
    /// How the Telemetry API answers subscriptions.
    pub telemetry: TelemetryFault,
    /// Registrations for INVOKE are refused, as on Lambda Managed Instances.
    pub refuse_invoke: bool,
    /// When memory runs out, the extensions are killed as well as the runtime.
    pub out_of_memory_kills_extensions: bool,
}

/// What becomes of `platform.runtimeDone`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RuntimeDoneFault {
    /// It comes when it should.
    #[default]
    OnTime,
    /// It comes so much later; with the processes frozen, later still.
    Delayed(Duration),
    /// It never comes.
    Missing,
}

/// A kill by SIGKILL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kill {
    /// Who is killed.
    pub target: KillTarget,
    /// From when on time is counted.
    pub trigger: KillTrigger,
    /// How long after it.
    pub delay: Duration,
}

/// Whom a kill meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillTarget {
    /// The function.
    Runtime,
    /// All external extensions.
    Extensions,
}

/// The moments from which a kill counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillTrigger {
    /// The process itself was started.
    Started,
    /// An invocation was handed over.
    Invoked,
    /// The client got its answer.
    Responded,
    /// The runtime is done with an invocation.
    RuntimeDone,
    /// SHUTDOWN was handed to an extension.
    Shutdown,
}

/// A stop in the middle of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freeze {
    /// How long after the runtime is done.
    pub delay: Duration,
    /// How long it lasts.
    pub duration: Duration,
}

/// How the Telemetry API answers subscriptions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TelemetryFault {
    /// As it should.
    #[default]
    None,
    /// 202 `Telemetry.NotSupported`, as AWS's emulator does.
    NotSupported,
    /// 500.
    ServerError,
}

/// The faults of one function, shared by its environments.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedFaults {
    faults: Arc<Mutex<Faults>>,
}

impl SharedFaults {
    pub(crate) fn set(&self, faults: Faults) {
        *self.lock() = faults;
    }

    pub(crate) fn now(&self) -> Faults {
        self.lock().clone()
    }

    /// Takes out the kills of `whom` that count from this moment.
    pub(crate) fn take_kills(&self, target: KillTarget, trigger: KillTrigger) -> Vec<Kill> {
        let mut faults = self.lock();
        faults.kills.extract_if(.., |kill| kill.target == target && kill.trigger == trigger).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
