//! Cleans up after the processes of an environment: at a reset, and at its end.

use std::time::Duration;

use tokio::time::timeout;

use super::Environment;
use crate::events::{EmulatorEvent, EnvironmentEnd};
use crate::lifecycle::ShutdownReason;
use crate::orphans;
use crate::process::Processes;

/// How long the last lines of ended processes are awaited. A grandchild that left its process group
/// could hold a pipe open.
const LAST_LINES_TIMEOUT: Duration = Duration::from_secs(1);

impl Environment {
    /// Clears the state of the processes, so that new ones can start.
    pub(super) fn clear(&mut self, reason: ShutdownReason) {
        self.runtime_next = None;
        self.extension_next.clear();
        self.current = None;
        // A process that hangs in the kernel survives SIGKILL. The environment forgets it.
        self.processes = Processes::default();
        orphans::kill(&format!("AWS_LAMBDA_RUNTIME_API={}", self.runtime_api));
        self.output_drains.clear();
        self.timers.clear();
        self.telemetry.clear();
        self.frozen = false;
        self.update_snapshot();
        if reason != ShutdownReason::Spindown {
            self.publish_end(EnvironmentEnd::Reset);
        }
    }

    /// Forwards the last lines, deletes the folder and publishes the end.
    pub(super) async fn remove(mut self) {
        self.server.abort();
        let last_lines = async { while self.log_readers.join_next().await.is_some() {} };
        // Lines that an orphan writes after this timeout are lost.
        let _timed_out = timeout(LAST_LINES_TIMEOUT, last_lines).await;
        self.context.pool.remove(&self.id);
        if !self.context.emulator.keep_folders
            && let Err(error) = tokio::fs::remove_dir_all(&self.folder).await
        {
            tracing::warn!(%error, folder = %self.folder.display(), "failed to delete the environment's folder");
        }
        self.publish_end(EnvironmentEnd::Removed);
    }

    fn publish_end(&self, end: EnvironmentEnd) {
        let environment = self.id.to_string();
        self.context.events.publish(EmulatorEvent::EnvironmentEnded { environment, end });
    }
}
