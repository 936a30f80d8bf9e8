//! What the emulator holds of an environment: the ways to give it work, to end it, and to look at it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use crate::life::Leave;
use crate::outcome::{Invocation, Outcome};

/// The pool gives an environment one invocation while it serves another; one more may cross an offer on its way.
pub(super) const JOBS: usize = 4;

/// Discards, from tests and from the emulator's end.
pub(super) const ORDERS: usize = 4;

/// An invocation on its way to an environment.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) request_id: String,
    pub(crate) invocation: Invocation,
    pub(crate) answer: oneshot::Sender<Outcome>,
}

/// What the emulator holds of an environment.
#[derive(Debug, Clone)]
pub(crate) struct Handle {
    pub(super) id: Arc<str>,
    pub(super) jobs: mpsc::Sender<Job>,
    pub(super) orders: mpsc::Sender<Leave>,
    pub(super) view: Arc<Mutex<EnvironmentView>>,
}

/// An environment as seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentView {
    /// The environment's id.
    pub id: String,
    /// Its function.
    pub function: String,
    /// Its folder; `tmp` in it stands for `/tmp`.
    pub folder: PathBuf,
    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    pub runtime_api: String,
    /// The process id of the runtime, where it runs.
    pub runtime: Option<u32>,
    /// Name and process id of each external extension that runs.
    pub extensions: Vec<(String, u32)>,
    /// Whether all of them are stopped.
    pub frozen: bool,
}

impl Handle {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn give(&self, job: Job) -> Result<(), Job> {
        self.jobs.try_send(job).map_err(|error| error.into_inner())
    }

    /// Tells the environment to go; waits until it is gone.
    pub(crate) async fn end(&self, leave: Leave) {
        // It fails where the environment is gone already.
        let _gone = self.orders.send(leave).await;
        self.orders.closed().await;
    }

    /// Tells it to go without waiting; a full queue of orders says so already.
    pub(crate) fn abandon(&self) {
        let _told = self.orders.try_send(Leave::Killed);
    }

    pub(crate) fn view(&self) -> EnvironmentView {
        self.view.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
