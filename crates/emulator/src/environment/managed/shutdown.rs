//! The shutdown of a Managed Instance.
//!
//! The runtime ends first, then the extensions, then all processes are killed.

use rustix::process::Signal;
use tokio::time::{Instant, sleep_until};

use super::{Managed, Stop};
use crate::environment::Inbox;
use crate::lifecycle::shutdown_limits::{EXIT_AFTER_SIGKILL, RUNTIME_SHUTDOWN, SHUTDOWN_WITH_EXTERNAL_EXTENSIONS};
use crate::lifecycle::{Failure, ProcessRole, ShutdownReason, Termination};

impl Managed {
    pub(super) async fn end(&mut self, stop: Stop, inbox: &mut Inbox) {
        match stop {
            Stop::Terminated(Termination::Kill) => self.fail_all(&Failure::environment_ended()),
            Stop::Terminated(Termination::AfterInvocation | Termination::Now) => {
                self.fail_all(&Failure::environment_ended());
                self.shut_down(ShutdownReason::Spindown, Signal::TERM, inbox).await;
            }
            Stop::Failed(failure) => {
                self.base.log_failure(&failure);
                self.fail_all(&failure);
                self.shut_down(ShutdownReason::Failure, Signal::KILL, inbox).await;
            }
        }
        self.base.processes.signal_all(Signal::KILL);
        let all_exited = |managed: &Self| managed.base.processes.is_empty();
        self.serve_until(Instant::now() + EXIT_AFTER_SIGKILL, inbox, all_exited).await;
    }

    /// Ends the runtime with `signal`, then sends SHUTDOWN to the extensions and waits for them.
    async fn shut_down(&mut self, reason: ShutdownReason, signal: Signal, inbox: &mut Inbox) {
        let deadline = Instant::now() + SHUTDOWN_WITH_EXTERNAL_EXTENSIONS;
        let runtime_exited = |managed: &Self| !managed.base.processes.is_running(ProcessRole::Runtime);
        self.base.processes.signal(ProcessRole::Runtime, signal);
        self.serve_until(Instant::now() + RUNTIME_SHUTDOWN, inbox, runtime_exited).await;
        self.base.processes.signal(ProcessRole::Runtime, Signal::KILL);
        self.serve_until(deadline, inbox, runtime_exited).await;
        self.shutdown = Some((reason, deadline));
        (0..self.extensions.len()).for_each(|index| self.base.dispatch_shutdown(index, reason, deadline));
        self.serve_until(deadline, inbox, |managed| managed.base.processes.is_empty()).await;
    }

    /// Answers calls and collects exited processes until `is_done`, or until the time `at`.
    async fn serve_until(&mut self, at: Instant, inbox: &mut Inbox, is_done: impl Fn(&Self) -> bool) {
        while !is_done(self) {
            tokio::select! { biased;
                Some(call) = inbox.calls.recv() => {
                    let _ends_already = self.called(call).await;
                }
                (role, exit_status) = self.base.processes.next_exit() => {
                    let _event = self.base.process_exited(role, exit_status);
                }
                () = sleep_until(at) => return,
            }
        }
    }
}
