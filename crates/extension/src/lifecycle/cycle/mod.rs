//! Decides what the extension does next: a pure step from an event, without a clock or a socket of
//! its own.

use std::time::Duration;

use tokio::time::Instant;

/// The time before a deadline that `/next` needs to reach the platform, and the cause of death to
/// come back.
const RESERVE: Duration = Duration::from_millis(100);
/// Invocations that follow each other faster than this are dense traffic: their items can wait for
/// the next invocation.
const DENSE_INTERVAL: Duration = Duration::from_secs(2);
/// The part of SHUTDOWN's two seconds that is kept for dead letters and the exit.
const MARGIN: Duration = Duration::from_millis(300);

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// An invocation begins.
    Invoke {
        /// When the platform will end it.
        deadline: Instant,
    },
    /// The ring, the platform or a destination changed.
    Progress {
        /// The invocation that is being served is over.
        is_over: bool,
        /// An error should be sent before the next freeze.
        is_urgent: bool,
        /// Something is queued or in flight, and a response is likely within the budget.
        has_work: bool,
    },
    /// The process that served is gone, and the cause is not known yet.
    Gone,
    /// The environment ends.
    Shutdown {
        /// When the platform will kill the extension.
        deadline: Instant,
    },
    /// The time of [`Cycle::wakes_at`] has come.
    TimeUp,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Step {
    /// Wait for the next event.
    Wait,
    /// Send the due items of dense traffic while the function is busy, then wait for the next
    /// event.
    SendDue,
    /// Send everything, and hold `/next` until the response comes or the time is up.
    Deliver,
    /// The deadline is near: send the spans that have ended.
    SendEnded,
    /// Request `/next`. Requests in flight go on.
    Next,
    /// Send everything until `by`, print the rest as dead letters, and end.
    Finish { by: Instant },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// `/next` is requested, and nothing is being served.
    Idle,
    /// The function is serving a request.
    Serving { deadline: Instant },
    /// The invocation is over, and `/next` is held.
    Delivering { by: Instant },
}

/// The extension's place in Lambda's life cycle.
#[derive(Debug)]
pub(super) struct Cycle {
    phase: Phase,
    budget: Duration,
    last_invoke: Option<Instant>,
    is_dense: bool,
}

impl Cycle {
    pub(super) fn new(budget: Duration) -> Self {
        Self { phase: Phase::Idle, budget, last_invoke: None, is_dense: false }
    }

    /// Returns when the phase changes by itself.
    pub(super) fn wakes_at(&self) -> Option<Instant> {
        match self.phase {
            Phase::Idle => None,
            Phase::Serving { deadline } => Some(deadline - RESERVE - self.budget.min(RESERVE)),
            Phase::Delivering { by } => Some(by),
        }
    }

    /// Whether the function is serving a request.
    pub(super) fn is_serving(&self) -> bool {
        matches!(self.phase, Phase::Serving { .. })
    }

    /// Whether `/next` is held until requests in flight are answered.
    pub(super) fn is_delivering(&self) -> bool {
        matches!(self.phase, Phase::Delivering { .. })
    }

    #[cfg(test)]
    fn is_idle(&self) -> bool {
        self.phase == Phase::Idle
    }

    /// Decides what to do about an event.
    pub(super) fn step(&mut self, event: Event, now: Instant) -> Step {
        match (self.phase, event) {
            (_, Event::Shutdown { deadline }) => Step::Finish { by: deadline - MARGIN },
            (_, Event::Invoke { deadline }) => {
                self.is_dense = self.last_invoke.is_some_and(|last| now.duration_since(last) < DENSE_INTERVAL);
                self.last_invoke = Some(now);
                self.phase = Phase::Serving { deadline };
                Step::SendDue
            }
            (Phase::Serving { deadline }, Event::Progress { is_over: true, is_urgent, has_work }) => {
                let by = (now + self.budget).min(deadline - RESERVE);
                if now >= by || !has_work || (self.is_dense && !is_urgent) {
                    return self.idle();
                }
                self.phase = Phase::Delivering { by };
                Step::Deliver
            }
            (Phase::Delivering { .. }, Event::Progress { has_work: false, .. }) => self.idle(),
            (Phase::Delivering { .. }, Event::Progress { is_urgent: false, .. }) if self.is_dense => self.idle(),
            (Phase::Delivering { .. }, Event::TimeUp) => self.idle(),
            // The cause of death comes with the response to `/next`, which was not requested yet.
            (Phase::Serving { .. }, Event::Gone) => self.idle(),
            (Phase::Serving { .. }, Event::TimeUp) => {
                // `/next` must be requested first: SHUTDOWN, which follows a death, is only sent in
                // response to it.
                self.phase = Phase::Idle;
                Step::SendEnded
            }
            (_, Event::Progress { .. } | Event::TimeUp | Event::Gone) => Step::Wait,
        }
    }

    fn idle(&mut self) -> Step {
        self.phase = Phase::Idle;
        Step::Next
    }
}

#[cfg(test)]
mod tests;
