//! The end of a Managed Instance: the runtime first, then the extensions, then whoever is left.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::{Instant, sleep_until};

use super::{Managed, Over};
use crate::environment::WaysIn;
use crate::life::{Fatal, Leave, Reason, Role};
use crate::outcome::FailureKind;

/// The whole phase with an external extension ("execution environment lifecycle").
const WHOLE: Duration = Duration::from_secs(2);
/// The runtime's share between SIGTERM and SIGKILL ("Runtime API": about 300 ms).
const RUNTIME_SHARE: Duration = Duration::from_millis(300);
/// After SIGKILL a process is gone in microseconds; one that hangs in the kernel is not waited for longer than this.
const AFTER_KILL: Duration = Duration::from_secs(2);

impl Managed {
    pub(super) async fn end(&mut self, over: Over, ways_in: &mut WaysIn) {
        let ended = || Fatal::new(FailureKind::Exit, "Sandbox.Failure", "The environment was ended");
        match over {
            Over::Left(Leave::Killed) => self.fail_all(&ended()),
            Over::Left(Leave::WhenServed | Leave::Now) => {
                self.fail_all(&ended());
                self.wind_down(Reason::Spindown, Signal::TERM, ways_in).await;
            }
            Over::Failed(fatal) => {
                self.base.complain(&fatal);
                self.fail_all(&fatal);
                self.wind_down(Reason::Failure, Signal::KILL, ways_in).await;
            }
        }
        self.base.processes.signal_all(Signal::KILL);
        self.until(Instant::now() + AFTER_KILL, ways_in, |managed| managed.base.processes.pids().count() == 0).await;
    }

    async fn wind_down(&mut self, reason: Reason, signal: Signal, ways_in: &mut WaysIn) {
        let deadline = Instant::now() + WHOLE;
        let is_without_runtime = |managed: &Self| !managed.base.processes.pids().any(|(role, _)| role == Role::Runtime);
        self.base.processes.signal(Role::Runtime, signal);
        self.until(Instant::now() + RUNTIME_SHARE, ways_in, is_without_runtime).await;
        self.base.processes.signal(Role::Runtime, Signal::KILL);
        self.until(deadline, ways_in, is_without_runtime).await;
        self.shutdown = Some((reason, deadline));
        (0..self.extensions.len()).for_each(|index| self.base.hand_shutdown(index, reason, deadline));
        self.until(deadline, ways_in, |managed| managed.base.processes.pids().count() == 0).await;
    }

    /// Answers calls and buries processes until `is_done`, or until that moment.
    async fn until(&mut self, at: Instant, ways_in: &mut WaysIn, is_done: impl Fn(&Self) -> bool) {
        while !is_done(self) {
            tokio::select! { biased;
                Some(asked) = ways_in.calls.recv() => {
                    let _already_ending = self.called(asked).await;
                }
                (role, words) = self.base.processes.exited() => {
                    let _seen = self.base.saw_exit(role, words);
                }
                () = sleep_until(at) => return,
            }
        }
    }
}
