//! Ends an environment on request, and fails the invocations that it cannot serve any more.

use tokio::time::Instant;

use super::{Action, Failure, Lifecycle, Phase, ShutdownReason, Termination};

impl Lifecycle {
    pub(super) fn terminate(&mut self, termination: Termination, now: Instant) {
        self.terminating = Some(termination);
        match (&self.phase, termination) {
            (Phase::Invoke(_) | Phase::Init(_), Termination::AfterInvocation) | (Phase::Ended, _) => return,
            (Phase::Invoke(_), Termination::Now | Termination::Kill) => self.abort_invocation(now),
            (Phase::NoProcesses | Phase::Init(_) | Phase::Idle | Phase::Shutdown(_), _) => (),
        }
        if matches!(termination, Termination::Now | Termination::Kill) {
            self.fail_pending(now);
        }
        match termination {
            Termination::Kill => self.kill_all(now),
            Termination::AfterInvocation | Termination::Now if matches!(self.phase, Phase::Shutdown(_)) => (),
            Termination::AfterInvocation | Termination::Now => self.start_shutdown(ShutdownReason::Spindown, now),
        }
    }

    /// Fails the present invocation because the environment ends.
    fn abort_invocation(&mut self, now: Instant) {
        let Phase::Invoke(invoke) = &mut self.phase else { return };
        let has_response = invoke.has_response();
        let failure = Failure::environment_ended();
        invoke.completion = failure.completion();
        self.runtime_done(now);
        if !has_response {
            self.actions.push(Action::Respond(Err(failure)));
        }
        self.publish_report(now);
        self.phase = Phase::Idle;
    }

    /// Fails the pending invocation, which came too late for this environment.
    pub(super) fn fail_pending(&mut self, now: Instant) {
        if self.pending.take().is_some() {
            self.actions.push(Action::BeginInvocation { cold_start: false, deadline: now });
            self.actions.push(Action::Respond(Err(Failure::environment_ended())));
        }
    }
}
