//! Faults that a test can inject. On AWS they happen from time to time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The faults of a function's environments. The default is no fault.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// What happens to `platform.runtimeDone` before its subscribers get it.
    pub runtime_done: RuntimeDoneFault,
    /// Processes to kill. Each kill happens once.
    pub kills: Vec<Kill>,
    /// Stops the extensions during their work after each invocation.
    pub freeze: Option<Freeze>,
    /// How the Telemetry API answers subscriptions.
    pub telemetry: TelemetryFault,
    /// Refuses registrations for INVOKE, as Lambda Managed Instances do.
    pub refuse_invoke: bool,
    /// Kills the extensions together with the runtime when memory runs out.
    pub out_of_memory_kills_extensions: bool,
}

/// What happens to `platform.runtimeDone`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RuntimeDoneFault {
    /// It comes on time.
    #[default]
    OnTime,
    /// It comes this much later. If the processes are frozen then, it comes after the next thaw.
    Delayed(Duration),
    /// It never comes.
    Missing,
}

/// A SIGKILL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kill {
    /// The processes that are killed.
    pub target: KillTarget,
    /// The event that starts the delay.
    pub trigger: KillTrigger,
    /// The time between the trigger and the kill.
    pub delay: Duration,
}

/// The processes that a kill affects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillTarget {
    /// The function.
    Runtime,
    /// All external extensions.
    Extensions,
}

/// The events that can start the delay of a kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillTrigger {
    /// The target process was started.
    Started,
    /// The runtime got an invocation.
    Invoked,
    /// The caller got its outcome.
    Responded,
    /// The runtime is done with an invocation.
    RuntimeDone,
    /// An extension got SHUTDOWN.
    Shutdown,
}

/// A stop of the extensions during their work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freeze {
    /// The time between the end of the runtime's work and the stop.
    pub delay: Duration,
    /// How long the stop lasts.
    pub duration: Duration,
}

/// How the Telemetry API answers subscriptions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TelemetryFault {
    /// It accepts valid ones.
    #[default]
    None,
    /// 202 `Telemetry.NotSupported`, as AWS's Runtime Interface Emulator does.
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

    pub(crate) fn get(&self) -> Faults {
        self.lock().clone()
    }

    /// Removes and returns the kills of this target that this event triggers.
    pub(crate) fn take_kills(&self, target: KillTarget, trigger: KillTrigger) -> Vec<Kill> {
        let mut faults = self.lock();
        faults.kills.extract_if(.., |kill| kill.target == target && kill.trigger == trigger).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
