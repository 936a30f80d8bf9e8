//! The emulator's access to an environment: invocations, termination, and a snapshot.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use crate::lifecycle::Termination;
use crate::outcome::{Invocation, Outcome};

/// How many invocations may wait for the loop. The pool sends one while another is served; one more
/// may come while an update of the availability is on its way.
pub(crate) const INVOCATION_QUEUE_LENGTH: usize = 4;

/// How many terminations may wait for the loop. They come from tests and from the emulator's end.
pub(crate) const TERMINATION_QUEUE_LENGTH: usize = 4;

/// An invocation on its way to an environment.
#[derive(Debug)]
pub(crate) struct InvocationRequest {
    pub(crate) request_id: String,
    pub(crate) invocation: Invocation,
    pub(crate) outcome: oneshot::Sender<Outcome>,
}

/// The emulator's access to an environment.
#[derive(Debug, Clone)]
pub(crate) struct EnvironmentHandle {
    pub(crate) id: Arc<str>,
    pub(crate) invocations: mpsc::Sender<InvocationRequest>,
    pub(crate) terminations: mpsc::Sender<Termination>,
    pub(crate) snapshot: Arc<Mutex<EnvironmentSnapshot>>,
}

/// The state of an environment at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentSnapshot {
    /// The environment's id.
    pub id: String,
    /// The environment's function.
    pub function: String,
    /// The environment's folder. `tmp` in it is the function's `/tmp`.
    pub folder: PathBuf,
    /// The value of `AWS_LAMBDA_RUNTIME_API`: `host:port`.
    pub runtime_api: String,
    /// The process id of the runtime, if it runs.
    pub runtime: Option<u32>,
    /// The name and process id of each external extension that runs.
    pub extensions: Vec<(String, u32)>,
    /// Whether all processes are stopped.
    pub frozen: bool,
}

impl EnvironmentHandle {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Sends an invocation. Returns it if the environment has ended.
    pub(crate) fn send(&self, request: InvocationRequest) -> Result<(), InvocationRequest> {
        self.invocations.try_send(request).map_err(|error| error.into_inner())
    }

    /// Ends the environment and waits until it is gone.
    pub(crate) async fn terminate(&self, termination: Termination) {
        // This fails if the environment has ended already.
        let _ended = self.terminations.send(termination).await;
        self.terminations.closed().await;
    }

    /// Kills the environment without a wait. If the queue is full, it ends already.
    pub(crate) fn request_kill(&self) {
        let _full_or_ended = self.terminations.try_send(Termination::Kill);
    }

    pub(crate) fn snapshot(&self) -> EnvironmentSnapshot {
        self.snapshot.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
