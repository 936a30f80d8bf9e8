//! Tests the cycle with tables of events and steps, and through ten minutes of a destination's
//! outage.

use proptest::prelude::*;

use super::*;
use crate::delivery::CircuitBreaker;

const BUDGET: Duration = Duration::from_millis(500);
const QUIET: Event = Event::Progress { is_over: false, is_urgent: false, has_work: false };
const OVER: Event = Event::Progress { is_over: true, is_urgent: false, has_work: true };
const OVER_WITH_ERROR: Event = Event::Progress { is_over: true, is_urgent: true, has_work: true };
const SENT: Event = Event::Progress { is_over: true, is_urgent: false, has_work: false };

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
    assert_eq!(steps, [Step::SendDue, Step::Wait, Step::Deliver, Step::Next]);
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
    let expected = [Step::SendDue, Step::Next, Step::SendDue, Step::Next, Step::SendDue, Step::Deliver, Step::Next];
    assert_eq!(steps, expected);
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_hangs_costs_at_most_the_budget() {
    let start = Instant::now();
    let mut cycle = Cycle::new(BUDGET);
    let _ = cycle.step(invoke(start, 3000), start);
    let _ = cycle.step(OVER, start + Duration::from_millis(10));
    assert_eq!(cycle.wakes_at(), Some(start + Duration::from_millis(510)));
    assert_eq!(cycle.step(Event::TimeUp, start + Duration::from_millis(510)), Step::Next);
    assert!(cycle.is_idle());
}

#[tokio::test(start_paused = true)]
async fn near_a_deadline_next_is_not_held() {
    let start = Instant::now();
    let steps = run(&[(0, invoke(start, 1000)), (950, OVER_WITH_ERROR)], start);
    assert_eq!(steps, [Step::SendDue, Step::Next]);
    let mut cycle = Cycle::new(BUDGET);
    let _ = cycle.step(invoke(start, 1000), start);
    assert_eq!(cycle.wakes_at(), Some(start + Duration::from_millis(800)));
    assert_eq!(cycle.step(Event::TimeUp, start + Duration::from_millis(800)), Step::SendEnded);
    assert!(cycle.is_idle());
}

#[tokio::test(start_paused = true)]
async fn an_invocation_that_ended_before_its_invoke_was_received_is_over_at_once() {
    let start = Instant::now();
    let mut cycle = Cycle::new(BUDGET);
    assert_eq!(cycle.step(OVER, start), Step::Wait, "nothing is being served yet");
    let _ = cycle.step(invoke(start, 3000), start);
    assert_eq!(cycle.step(OVER, start), Step::Deliver);
}

#[tokio::test(start_paused = true)]
async fn a_dead_process_is_not_waited_for() {
    let start = Instant::now();
    let steps = run(&[(0, invoke(start, 30_000)), (250, Event::Gone), (251, Event::Gone)], start);
    assert_eq!(steps, [Step::SendDue, Step::Next, Step::Wait]);
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

/// The length of the outage.
const OUTAGE: Duration = Duration::from_secs(600);
/// The breaker's longest pause with jitter: a destination that has recovered is tried again no
/// later.
const MAX_PAUSE_WITH_JITTER: Duration = Duration::from_secs(75);

/// The extension in simulated time: one invocation after the other, and a destination that is down
/// at first.
struct Simulated {
    cycle: Cycle,
    breaker: CircuitBreaker,
    start: Instant,
    now: Instant,
    attempts: u64,
    delivered_at: Option<Instant>,
}

impl Simulated {
    /// Serves a request and returns how long `/next` was held after its end.
    fn serve(&mut self, works: Duration, timeout: Duration, has_error: bool, answers_after: Duration) -> Duration {
        let deadline = self.now + timeout;
        let _ = self.cycle.step(Event::Invoke { deadline }, self.now);
        self.now += works;
        let over = self.now;
        let can_send = self.breaker.allows(self.now);
        let progress = Event::Progress { is_over: true, is_urgent: has_error && can_send, has_work: can_send };
        match self.cycle.step(progress, self.now) {
            Step::Deliver => self.deliver(over, answers_after),
            Step::Next => (),
            step => panic!("{step:?} at the end of an invocation"),
        }
        self.now - over
    }

    fn deliver(&mut self, over: Instant, answers_after: Duration) {
        self.attempts += 1;
        let by = self.cycle.wakes_at().expect("a delivery has an end");
        let answered = over + answers_after;
        let is_up = answered - self.start >= OUTAGE;
        self.now = answered.min(by);
        if answered > by {
            assert_eq!(self.cycle.step(Event::TimeUp, by), Step::Next);
        }
        if is_up {
            self.breaker.reset();
            self.delivered_at.get_or_insert(self.now);
        } else {
            self.breaker.trip(self.now, None, self.attempts);
        }
        if answered <= by {
            let progress = Event::Progress { is_over: true, is_urgent: false, has_work: false };
            assert_eq!(self.cycle.step(progress, self.now), Step::Next);
        }
    }
}

proptest! {
    #[test]
    fn during_ten_minutes_of_outage_no_request_is_held_beyond_the_budget_and_delivery_resumes_soon_after(
        requests in proptest::collection::vec(
            (1_u64..400, 1_u64..900, 500_u64..30_000, any::<bool>(), 1_u64..2_000), 3000..3001
        )
    ) {
        let start = Instant::now();
        let (cycle, breaker) = (Cycle::new(BUDGET), CircuitBreaker::default());
        let mut simulated = Simulated { cycle, breaker, start, now: start, attempts: 0, delivered_at: None };
        for (pause, works, timeout, has_error, answers_after) in requests.into_iter().cycle() {
            simulated.now += Duration::from_millis(pause);
            let (works, timeout) = (Duration::from_millis(works.min(timeout)), Duration::from_millis(timeout));
            let held = simulated.serve(works, timeout, has_error, Duration::from_millis(answers_after));
            prop_assert!(held <= BUDGET, "held for {held:?}");
            prop_assert!(held.is_zero() || works + held + RESERVE <= timeout, "{works:?} and {held:?} of {timeout:?}");
            if simulated.delivered_at.is_some() {
                break;
            }
            prop_assert!(simulated.now - start < OUTAGE + 2 * MAX_PAUSE_WITH_JITTER, "nothing was delivered after the outage");
        }
        // The pause doubles from half a second to a minute: some sixteen attempts, however many
        // requests came.
        prop_assert!(simulated.attempts < 30, "{} attempts", simulated.attempts);
        let delivered_at = simulated.delivered_at.expect("it was delivered");
        prop_assert!(delivered_at - start <= OUTAGE + MAX_PAUSE_WITH_JITTER + Duration::from_secs(5));
    }
}
