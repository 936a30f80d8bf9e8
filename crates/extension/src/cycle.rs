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
mod tests {
    use super::*;

    const BUDGET: Duration = Duration::from_millis(500);
    const QUIET: Event = Event::Heard { is_over: false, is_urgent: false, has_work: false };
    const OVER: Event = Event::Heard { is_over: true, is_urgent: false, has_work: true };
    const OVER_WITH_ERROR: Event = Event::Heard { is_over: true, is_urgent: true, has_work: true };
    const SENT: Event = Event::Heard { is_over: true, is_urgent: false, has_work: false };

    /// Runs events at milliseconds since the start and returns the steps.
    fn run(events: &[(u64, Event)], start: Instant) -> Vec<Step> {
        let mut cycle = Cycle::new(BUDGET);
        events.iter().map(|(at, event)| cycle.step(*event, start + Duration::from_millis(*at))).collect()
    }

    fn invoke(start: Instant, deadline_ms: u64) -> Event {
        Event::Invoke { deadline: start + Duration::from_millis(deadline_ms) }
    }

    #[tokio::test(start_paused = true)]
    async fn sparse_traffic_is_delivered_before_the_freeze() {
        let start = Instant::now();
        let steps = run(&[(0, invoke(start, 3000)), (5, QUIET), (10, OVER), (30, SENT)], start);
        assert_eq!(steps, [Step::SendLeft, Step::Wait, Step::Deliver, Step::Next]);
    }

    #[tokio::test(start_paused = true)]
    async fn dense_traffic_waits_for_the_next_invocation_and_errors_do_not() {
        let start = Instant::now();
        let events = [
            (0, invoke(start, 3000)),
            (10, SENT),
            (100, invoke(start, 3100)),
            (110, OVER),
            (200, invoke(start, 3200)),
            (210, OVER_WITH_ERROR),
            (230, OVER),
        ];
        let steps = run(&events, start);
        let expected =
            [Step::SendLeft, Step::Next, Step::SendLeft, Step::Next, Step::SendLeft, Step::Deliver, Step::Next];
        assert_eq!(steps, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_vendor_that_hangs_costs_no_more_than_the_budget() {
        let start = Instant::now();
        let mut cycle = Cycle::new(BUDGET);
        let _ = cycle.step(invoke(start, 3000), start);
        let _ = cycle.step(OVER, start + Duration::from_millis(10));
        assert_eq!(cycle.wakes_at(), Some(start + Duration::from_millis(510)));
        assert_eq!(cycle.step(Event::TimeUp, start + Duration::from_millis(510)), Step::Next);
        assert!(cycle.is_idle());
    }

    #[tokio::test(start_paused = true)]
    async fn near_a_deadline_nothing_is_held() {
        let start = Instant::now();
        let steps = run(&[(0, invoke(start, 1000)), (950, OVER_WITH_ERROR)], start);
        assert_eq!(steps, [Step::SendLeft, Step::Next]);
        let mut cycle = Cycle::new(BUDGET);
        let _ = cycle.step(invoke(start, 1000), start);
        assert_eq!(cycle.wakes_at(), Some(start + Duration::from_millis(800)));
        assert_eq!(cycle.step(Event::TimeUp, start + Duration::from_millis(800)), Step::SendEnded);
        assert!(cycle.is_idle());
    }

    #[tokio::test(start_paused = true)]
    async fn an_invocation_that_ended_before_its_invoke_was_heard_is_over_at_once() {
        let start = Instant::now();
        let mut cycle = Cycle::new(BUDGET);
        assert_eq!(cycle.step(OVER, start), Step::Wait, "nothing is being served yet");
        let _ = cycle.step(invoke(start, 3000), start);
        assert_eq!(cycle.step(OVER, start), Step::Deliver);
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_is_gone_is_not_waited_for() {
        let start = Instant::now();
        let steps = run(&[(0, invoke(start, 30_000)), (250, Event::Gone), (251, Event::Gone)], start);
        assert_eq!(steps, [Step::SendLeft, Step::Next, Step::Wait]);
    }

    #[tokio::test(start_paused = true)]
    async fn shutdown_ends_every_phase() {
        let start = Instant::now();
        let deadline = start + Duration::from_secs(2);
        for before in [&[][..], &[(0, invoke(start, 3000))], &[(0, invoke(start, 3000)), (1, OVER)]] {
            let events: Vec<_> = before.iter().copied().chain([(5, Event::Shutdown { deadline })]).collect();
            assert_eq!(run(&events, start).last(), Some(&Step::Finish { by: deadline - MARGIN }));
        }
    }
}
