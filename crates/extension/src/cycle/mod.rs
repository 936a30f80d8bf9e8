//! What the layer does next: a pure step from what happened, with no clock and no socket of its own.

use std::time::Duration;

use tokio::time::Instant;

/// What the layer keeps free before a deadline: for `/next` to reach the platform, and for the verdict to come back.
const RESERVE: Duration = Duration::from_millis(100);
/// Invocations that follow each other faster than this are dense traffic: what they tell can wait for the next of them.
const DENSE: Duration = Duration::from_secs(2);
/// What SHUTDOWN leaves of its two seconds for dead letters and the exit.
const MARGIN: Duration = Duration::from_millis(300);

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// An invocation begins.
    Invoke {
        /// When the platform will end it.
        deadline: Instant,
    },
    /// The ring, the platform or a vendor told something.
    Heard {
        /// The invocation that is being served is over.
        is_over: bool,
        /// Something should leave before the next freeze.
        is_urgent: bool,
        /// Something is queued or on its way, and may be answered within the budget.
        has_work: bool,
    },
    /// The process that served is gone, and nobody has said why yet.
    Gone,
    /// The environment ends.
    Shutdown {
        /// When the platform will kill the layer.
        deadline: Instant,
    },
    /// The time of [`Cycle::wakes_at`] has come.
    TimeUp,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Step {
    /// Nothing but to go on listening.
    Wait,
    /// Send what dense traffic has left, while the function is busy; then go on listening.
    SendLeft,
    /// Send what is there, and hold `/next` until it is answered or time is up.
    Deliver,
    /// The deadline is near: send what has ended.
    SendEnded,
    /// Ask for the next event. What is on its way stays on its way.
    Next,
    /// Send everything until `by`, give up the rest, end.
    Finish { by: Instant },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// `/next` is asked; nothing is being served.
    Idle,
    /// The function works.
    Serving { deadline: Instant },
    /// The invocation is over, and `/next` is held.
    Delivering { by: Instant },
}

/// The layer's place in Lambda's life cycle.
#[derive(Debug)]
pub(crate) struct Cycle {
    phase: Phase,
    budget: Duration,
    last_invoke: Option<Instant>,
    is_dense: bool,
}

impl Cycle {
    pub(crate) fn new(budget: Duration) -> Self {
        Self { phase: Phase::Idle, budget, last_invoke: None, is_dense: false }
    }

    /// When the phase changes by itself.
    pub(crate) fn wakes_at(&self) -> Option<Instant> {
        match self.phase {
            Phase::Idle => None,
            Phase::Serving { deadline } => Some(deadline - RESERVE - self.budget.min(RESERVE)),
            Phase::Delivering { by } => Some(by),
        }
    }

    /// Whether the function works, as far as is known.
    pub(crate) fn is_serving(&self) -> bool {
        matches!(self.phase, Phase::Serving { .. })
    }

    /// Whether `/next` is held for what is being sent.
    pub(crate) fn is_delivering(&self) -> bool {
        matches!(self.phase, Phase::Delivering { .. })
    }

    #[cfg(test)]
    fn is_idle(&self) -> bool {
        self.phase == Phase::Idle
    }

    pub(crate) fn step(&mut self, event: Event, now: Instant) -> Step {
        match (self.phase, event) {
            (_, Event::Shutdown { deadline }) => Step::Finish { by: deadline - MARGIN },
            (_, Event::Invoke { deadline }) => {
                self.is_dense = self.last_invoke.is_some_and(|last| now.duration_since(last) < DENSE);
                self.last_invoke = Some(now);
                self.phase = Phase::Serving { deadline };
                Step::SendLeft
            }
            (Phase::Serving { deadline }, Event::Heard { is_over: true, is_urgent, has_work }) => {
                let by = (now + self.budget).min(deadline - RESERVE);
                if now >= by || !has_work || (self.is_dense && !is_urgent) {
                    return self.idle();
                }
                self.phase = Phase::Delivering { by };
                Step::Deliver
            }
            (Phase::Delivering { .. }, Event::Heard { has_work: false, .. }) => self.idle(),
            (Phase::Delivering { .. }, Event::Heard { is_urgent: false, .. }) if self.is_dense => self.idle(),
            (Phase::Delivering { .. }, Event::TimeUp) => self.idle(),
            // Its verdict comes with the answer to `/next`, which nobody has asked yet.
            (Phase::Serving { .. }, Event::Gone) => self.idle(),
            (Phase::Serving { .. }, Event::TimeUp) => {
                // `/next` must be asked before the verdict, or its SHUTDOWN is never heard.
                self.phase = Phase::Idle;
                Step::SendEnded
            }
            (_, Event::Heard { .. } | Event::TimeUp | Event::Gone) => Step::Wait,
        }
    }

    fn idle(&mut self) -> Step {
        self.phase = Phase::Idle;
        Step::Next
    }
}

#[cfg(test)]
mod tests;
