//! The loop: `select!` names what input, the processor absorbs it, the cycle decides, the loop
//! acts.

use std::time::{Duration, SystemTime};

use crudder_recorder::{Doorbell, Reader};
use tokio::net::UnixDatagram;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::cycle::{Cycle, Event, Step};
use super::extensions_api::NextEvent;
use super::next_event::NextEvents;
use crate::config::Config;
use crate::delivery::Completion;
use crate::invocations::PlatformEvent;
use crate::log;
use crate::processor::Processor;

/// Gives the extension a weight of 110 beside the function's 1024 (kernel, `sched_prio_to_weight`).
const NICENESS: i32 = 10;
/// Managed Instances have neither INVOKE nor freezes, so a clock says when to send.
const TICK: Duration = Duration::from_secs(1);
/// Many invocations wake the reader on a Managed Instance, and none waits for it: after each
/// wake-up it reads nothing for this long. At ten thousand spans a second it then reads some fifty
/// records at once.
const WAKE_UP_PAUSE: Duration = Duration::from_millis(2);
/// How often the loop tests whether the process that serves is alive. Without the Telemetry API,
/// only SHUTDOWN reports a death, and Lambda sends SHUTDOWN only in response to `/next`.
const LIVENESS_INTERVAL: Duration = Duration::from_millis(250);
/// How long SHUTDOWN waits for the platform event of a death. Lambda's buffer holds events back for
/// 25 ms.
const DEATH_EVENT_TIMEOUT: Duration = Duration::from_millis(120);
/// How long SHUTDOWN waits for buffered platform events if no death is known. No request waits for
/// the end of an environment.
const LAST_EVENTS_TIMEOUT: Duration = Duration::from_millis(50);

enum Input {
    WakeUp,
    Platform(PlatformEvent),
    Next(Option<NextEvent>),
    Completed(Completion),
    TimeUp,
}

pub(super) struct EventLoop {
    processor: Processor,
    cycle: Cycle,
    next_events: NextEvents,
    platform_events: Option<mpsc::Receiver<PlatformEvent>>,
    doorbell: Option<UnixDatagram>,
    /// On Managed Instances only.
    clock: Option<Clock>,
    budget: Duration,
    /// The request id of the last INVOKE.
    served: String,
}

/// Replaces INVOKE and freezes.
struct Clock {
    next_tick: Instant,
    /// From when on wake-ups are received again.
    receives_at: Instant,
}

impl EventLoop {
    pub(super) fn new(
        config: Config,
        reader: Reader,
        platform_events: Option<mpsc::Receiver<PlatformEvent>>,
        next_events: NextEvents,
    ) -> Self {
        let doorbell = Doorbell::bind(&config.recorder).and_then(|bound| UnixDatagram::from_std(bound.into_socket()));
        let unavailable = |error: &std::io::Error| {
            log::warn("wake-up socket unavailable, polling instead", [("error", error.to_string().into())]);
        };
        let doorbell = doorbell.inspect_err(unavailable).ok();
        let now = Instant::now();
        let clock = config.is_managed.then(|| Clock { next_tick: now + TICK, receives_at: now });
        let (budget, processor) = (config.flush_budget, Processor::new(config, reader, now));
        let (cycle, served) = (Cycle::new(budget), String::new());
        Self { processor, cycle, next_events, platform_events, doorbell, clock, budget, served }
    }

    pub(super) async fn run(mut self) {
        self.next_events.request();
        self.processor.may_send = true;
        lower_priority();
        loop {
            let input = self.next_input().await;
            let now = Instant::now();
            let event = match input {
                Input::Next(None) => Event::Shutdown { deadline: now },
                Input::Next(Some(NextEvent::Shutdown { reason, deadline })) => {
                    self.receive_last_events().await;
                    self.processor.shutdown(&reason, Instant::now(), SystemTime::now());
                    Event::Shutdown { deadline }
                }
                other => self.absorb(other, now),
            };
            if let Step::Finish { by } = self.act(event, now) {
                return self.finish(by).await;
            }
        }
    }

    async fn next_input(&mut self) -> Input {
        let (wakes_at, receives_at) = (self.wakes_at(), self.clock.as_ref().map(|clock| clock.receives_at));
        // The function comes before Lambda, and both before the timer.
        tokio::select! { biased;
            () = wake_up(self.doorbell.as_ref(), receives_at) => Input::WakeUp,
            event = next_of(self.platform_events.as_mut()) => Input::Platform(event),
            event = self.next_events.events.recv() => Input::Next(event),
            completion = self.processor.dispatcher.transport.completed() => Input::Completed(completion),
            () = tokio::time::sleep_until(wakes_at) => Input::TimeUp,
        }
    }

    fn wakes_at(&self) -> Instant {
        let now = Instant::now();
        let tick = self.clock.as_ref().map(|clock| clock.next_tick);
        let liveness = self.cycle.is_serving().then(|| now + LIVENESS_INTERVAL);
        // A breaker whose pause ended while nothing was sent is no reason to wake at once, and
        // again.
        let retry = self.processor.dispatcher.retry_at().filter(|retry_at| *retry_at > now);
        let times = [self.cycle.wakes_at(), retry, liveness, tick];
        times.into_iter().flatten().min().unwrap_or(now + Duration::from_secs(3600))
    }

    /// Absorbs what input and returns it as an event of the cycle.
    fn absorb(&mut self, input: Input, now: Instant) -> Event {
        match input {
            Input::WakeUp => {
                self.processor.absorb(now);
                if let Some(clock) = &mut self.clock {
                    clock.receives_at = now + WAKE_UP_PAUSE;
                    self.send_due(now);
                }
            }
            Input::Platform(event) => self.processor.platform_event(&event, now),
            Input::Completed(completion) => {
                self.processor.complete(completion, now);
                self.send_due(now);
            }
            Input::Next(Some(NextEvent::Invoke { request_id, deadline })) => {
                self.processor.absorb(now);
                self.served = request_id;
                return Event::Invoke { deadline };
            }
            Input::Next(_) => self.next_events.request(),
            Input::TimeUp => return self.time_up(now),
        }
        self.state(now)
    }

    fn time_up(&mut self, now: Instant) -> Event {
        self.processor.absorb(now);
        if let Some(clock) = &mut self.clock {
            clock.next_tick = now + TICK;
            self.processor.record_deaths_of_dead_processes(SystemTime::now());
            self.processor.absorb(now);
            self.processor.send(now);
        }
        if self.cycle.is_serving() && self.processor.is_gone(&self.served) {
            return Event::Gone;
        }
        if self.cycle.wakes_at().is_some_and(|at| at <= now) {
            return Event::TimeUp;
        }
        self.processor.send(now);
        self.state(now)
    }

    /// Sends in batches: in dense traffic, new items wait unless they are due or `/next` is held
    /// for them.
    fn send_due(&mut self, now: Instant) {
        if self.cycle.is_delivering() || self.processor.dispatcher.is_due(now) {
            self.processor.send(now);
        }
    }

    fn state(&self, now: Instant) -> Event {
        let dispatcher = &self.processor.dispatcher;
        Event::Progress {
            is_over: self.processor.is_over(&self.served),
            is_urgent: dispatcher.is_urgent(now),
            has_work: dispatcher.is_worth_waiting(now, self.budget),
        }
    }

    /// Lets the cycle decide, and acts, until the loop has to wait or to finish.
    fn act(&mut self, event: Event, now: Instant) -> Step {
        let mut step = self.cycle.step(event, now);
        loop {
            match step {
                Step::Wait => {
                    // Errors are sent at once, even while a request is served.
                    if self.processor.dispatcher.is_urgent(now) {
                        self.processor.send(now);
                    }
                    return step;
                }
                Step::SendDue => self.send_due(now),
                Step::Deliver => {
                    self.processor.send(now);
                    return step;
                }
                Step::SendEnded => {
                    self.processor.export_ended_spans(&self.served, now);
                    self.processor.send(now);
                    self.next_events.request();
                    return step;
                }
                Step::Next => {
                    self.next_events.request();
                    return step;
                }
                Step::Finish { .. } => return step,
            }
            // A fast function may have ended before its INVOKE was received.
            step = self.cycle.step(self.state(now), now);
        }
    }

    /// Receives platform events that Lambda's buffer still held back at SHUTDOWN.
    async fn receive_last_events(&mut self) {
        self.processor.absorb(Instant::now());
        let timeout = if self.processor.awaits_death_cause() { DEATH_EVENT_TIMEOUT } else { LAST_EVENTS_TIMEOUT };
        let until = Instant::now() + timeout;
        while let Some(events) = self.platform_events.as_mut() {
            let Ok(Some(event)) = tokio::time::timeout_at(until, events.recv()).await else { return };
            let awaited = self.processor.awaits_death_cause();
            self.processor.platform_event(&event, Instant::now());
            if awaited && !self.processor.awaits_death_cause() {
                return;
            }
        }
    }

    /// Sends everything until `by`, then prints the rest as dead letters.
    async fn finish(mut self, by: Instant) {
        self.processor.dispatcher.reset_breakers();
        self.processor.send(Instant::now());
        while self.processor.dispatcher.has_work(Instant::now()) {
            // A batch that is delivered meanwhile need not be printed, which leaves more time to
            // send.
            let until = by.checked_sub(self.processor.dispatcher.time_to_print()).unwrap_or(by);
            tokio::select! { biased;
                completion = self.processor.dispatcher.transport.completed() => {
                    self.processor.complete(completion, Instant::now());
                    self.processor.send(Instant::now());
                }
                () = tokio::time::sleep_until(until) => break,
            }
        }
        self.processor.dead_letter_all(Instant::now());
    }
}

/// Lets the function have the processor if both want it. The function wakes the reader just before
/// it responds, and the kernel prefers to run the process that was woken. A tenth of the weight is
/// enough to send ended spans before a deadline.
fn lower_priority() {
    if let Err(error) = rustix::process::nice(NICENESS) {
        log::warn("failed to lower the extension's priority", [("error", error.to_string().into())]);
    }
}

async fn wake_up(doorbell: Option<&UnixDatagram>, receives_at: Option<Instant>) {
    if let Some(receives_at) = receives_at {
        tokio::time::sleep_until(receives_at).await;
    }
    match doorbell {
        Some(doorbell) => match doorbell.recv(&mut [0; 1]).await {
            Ok(_) => (),
            // A broken socket counts as none.
            Err(_) => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

async fn next_of(events: Option<&mut mpsc::Receiver<PlatformEvent>>) -> PlatformEvent {
    if let Some(events) = events
        && let Some(event) = events.recv().await
    {
        return event;
    }
    std::future::pending().await
}
