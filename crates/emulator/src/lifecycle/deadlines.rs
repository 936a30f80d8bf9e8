//! The time limits of each phase: when the emulator kills a process that takes too long.

use tokio::time::Instant;

use super::shutdown_phase::ShutdownStep;
use super::{Action, Failure, Lifecycle, Phase, ProcessRole};

impl Lifecycle {
    /// Returns when the loop must send [`super::Event::DeadlinePassed`], or `None` without a limit.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Init(init) => Some(init.deadline),
            Phase::Invoke(invoke) => Some(invoke.deadline),
            Phase::Shutdown(shutdown) => Some(match shutdown.step {
                ShutdownStep::Runtime { until } | ShutdownStep::Killed { until } => until,
                ShutdownStep::Extensions => shutdown.deadline,
            }),
            Phase::NoProcesses | Phase::Idle | Phase::Ended => None,
        }
    }

    /// Fails the invocation or the init phase, or kills what is left in the shutdown phase.
    pub(super) fn deadline_passed(&mut self, now: Instant) {
        match &self.phase {
            Phase::Init(_) | Phase::Invoke(_) => self.fail(Failure::timeout(self.config.timeout), now),
            Phase::Shutdown(_) => self.shutdown_deadline_passed(now),
            Phase::NoProcesses | Phase::Idle | Phase::Ended => (),
        }
    }

    /// SIGKILL for the runtime after its share of the time, for all processes at the end.
    fn shutdown_deadline_passed(&mut self, now: Instant) {
        let Phase::Shutdown(shutdown) = &mut self.phase else { return };
        match shutdown.step {
            ShutdownStep::Runtime { .. } if now < shutdown.deadline => {
                shutdown.step = ShutdownStep::Runtime { until: shutdown.deadline };
                self.actions.push(Action::Sigkill(ProcessRole::Runtime));
            }
            ShutdownStep::Runtime { .. } | ShutdownStep::Extensions => self.kill_all(now),
            ShutdownStep::Killed { .. } => self.finish_shutdown(now),
        }
    }
}
