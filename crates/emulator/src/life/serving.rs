//! The invoke phase: runtime and extensions work until all of them call `next`.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::{Act, Fatal, Leave, Life, Offer, Phase, Reason, Runtime, Stand};
use crate::outcome::FailureKind;
use crate::platform::{Platform, Span, Status, Verdict};

#[derive(Debug)]
pub(super) struct Serving {
    pub(super) request_id: String,
    /// Where the invocation's time begins: with a suppressed init, before the processes came up.
    started: Instant,
    /// When the runtime got it.
    handed: Instant,
    pub(super) deadline: Instant,
    init: Option<Duration>,
    verdict: Verdict,
    answered: Option<Answered>,
    /// When the runtime called `next` again.
    runtime_done: Option<Instant>,
}

#[derive(Debug)]
struct Answered {
    first_byte: Instant,
    last_byte: Instant,
    bytes: usize,
}

impl Serving {
    fn spans(&self, now: Instant) -> Vec<Span> {
        let Some(answered) = &self.answered else {
            return vec![Span { name: "responseLatency", start: self.handed, duration: now - self.handed }];
        };
        let latency = answered.first_byte.saturating_duration_since(self.handed);
        let duration = answered.last_byte - answered.first_byte;
        let overhead = now - answered.last_byte;
        vec![
            Span { name: "responseLatency", start: self.handed, duration: latency },
            Span { name: "responseDuration", start: answered.first_byte, duration },
            Span { name: "runtimeOverhead", start: answered.last_byte, duration: overhead },
        ]
    }
}

impl Life {
    /// Hands the pending invocation to the runtime and to the extensions that asked for it.
    pub(super) fn begin(&mut self, started: Instant, now: Instant, init: Option<Duration>) {
        let Some(request_id) = self.pending.take() else { return self.rest(now) };
        let deadline = started + self.terms.timeout;
        let cold = init.is_some() || started != now;
        self.acts.push(Act::Take { cold, deadline });
        self.say(Platform::Start);
        self.runtime = Runtime::Running;
        self.acts.push(Act::HandToRuntime);
        for (index, extension) in self.extensions.iter_mut().enumerate() {
            if extension.takes("INVOKE") {
                extension.stand = Stand::Busy;
                self.acts.push(Act::HandToExtension { index });
            }
        }
        self.phase = Phase::Serving(Serving {
            request_id,
            started,
            handed: now,
            deadline,
            init,
            verdict: Verdict::success(),
            answered: None,
            runtime_done: None,
        });
    }

    /// The runtime posted its answer, whole; `fatal` where the answer is an error.
    pub(super) fn answer(&mut self, first_byte: Instant, body: Bytes, fatal: Option<Fatal>, now: Instant) {
        let Phase::Serving(serving) = &mut self.phase else { return };
        self.runtime = Runtime::ResponseSent;
        serving.answered = Some(Answered { first_byte, last_byte: now, bytes: body.len() });
        if let Some(fatal) = &fatal {
            serving.verdict = fatal.verdict();
        }
        // Offered first: whoever has the answer may ask again at once.
        if self.leaving.is_none() {
            self.acts.push(Act::Offer(Offer::Settling));
        }
        self.acts.push(Act::Answer(match fatal {
            Some(fatal) => Err(fatal),
            None => Ok(body),
        }));
    }

    pub(super) fn runtime_done(&mut self, now: Instant) {
        let Phase::Serving(serving) = &mut self.phase else { return };
        if serving.runtime_done.replace(now).is_some() {
            return;
        }
        let produced_bytes = serving.answered.as_ref().map_or(0, |answered| answered.bytes);
        let spans = serving.spans(now);
        let done = Platform::RuntimeDone {
            verdict: serving.verdict.clone(),
            duration: now - serving.started,
            produced_bytes,
            spans,
        };
        self.say(done);
    }

    pub(super) fn finish_serving_when_done(&mut self, now: Instant) {
        let busy = self.extensions.iter().any(|extension| extension.stand == Stand::Busy);
        if busy || self.runtime != Runtime::Ready || !matches!(self.phase, Phase::Serving(_)) {
            return;
        }
        self.report(now);
        self.phase = Phase::Idle;
        match self.pending.is_some() {
            true => self.begin(now, now, None),
            false => self.rest(now),
        }
    }

    /// Nothing is pending: the environment is frozen and offered, or it goes.
    fn rest(&mut self, now: Instant) {
        self.phase = Phase::Idle;
        if let Some(leave) = self.leaving {
            return self.leave(leave, now);
        }
        self.freeze();
        self.acts.push(Act::Offer(Offer::Idle));
    }

    pub(super) fn fail_serving(&mut self, fatal: Fatal, now: Instant) {
        let Phase::Serving(serving) = &mut self.phase else { return };
        let unanswered = serving.answered.is_none();
        serving.verdict = fatal.verdict();
        let reason = match serving.verdict.status {
            Status::Timeout => Reason::Timeout,
            Status::Success | Status::Error | Status::Failure => Reason::Failure,
        };
        self.runtime_done(now);
        self.acts.push(Act::Complain(fatal.clone()));
        self.acts.push(Act::Offer(Offer::Resetting));
        if unanswered {
            self.acts.push(Act::Answer(Err(fatal)));
        }
        self.report(now);
        self.start_ending(reason, now);
    }

    /// The environment goes while it serves.
    pub(super) fn abort_serving(&mut self, now: Instant) {
        let Phase::Serving(serving) = &mut self.phase else { return };
        let unanswered = serving.answered.is_none();
        let fatal = Fatal::new(FailureKind::Exit, "Sandbox.Failure", "The environment was ended");
        serving.verdict = fatal.verdict();
        self.runtime_done(now);
        if unanswered {
            self.acts.push(Act::Answer(Err(fatal)));
        }
        self.report(now);
        self.phase = Phase::Idle;
    }

    fn report(&mut self, now: Instant) {
        let Phase::Serving(serving) = &self.phase else { return };
        let runtime_done = serving.runtime_done.unwrap_or(now);
        let mut spans = Vec::new();
        if !self.extensions.is_empty() {
            spans.push(Span { name: "extensionOverhead", start: runtime_done, duration: now - runtime_done });
        }
        let report = Platform::Report {
            verdict: serving.verdict.clone(),
            duration: now - serving.started,
            init: serving.init,
            spans,
        };
        self.say(report);
    }

    pub(super) fn leave(&mut self, leave: Leave, now: Instant) {
        self.leaving = Some(leave);
        match (&self.phase, leave) {
            (Phase::Serving(_) | Phase::Init(_), Leave::WhenServed) | (Phase::Ended, _) => return,
            (Phase::Serving(_), Leave::Now | Leave::Killed) => self.abort_serving(now),
            (Phase::Empty | Phase::Init(_) | Phase::Idle | Phase::Ending(_), _) => (),
        }
        if matches!(leave, Leave::Now | Leave::Killed) {
            self.turn_away(now);
        }
        match leave {
            Leave::Killed => self.kill_ending(now),
            Leave::WhenServed | Leave::Now if matches!(self.phase, Phase::Ending(_)) => (),
            Leave::WhenServed | Leave::Now => self.start_ending(Reason::Spindown, now),
        }
    }

    /// An invocation that came too late for this environment.
    pub(super) fn turn_away(&mut self, now: Instant) {
        if self.pending.take().is_some() {
            let fatal = Fatal::new(FailureKind::Exit, "Sandbox.Failure", "The environment was ended");
            self.acts.push(Act::Take { cold: false, deadline: now });
            self.acts.push(Act::Answer(Err(fatal)));
        }
    }
}
