//! The loop: `select!` names what happened, `cycle.rs` says what to do, the desk does it.

use std::time::{Duration, SystemTime};

use crudder_recorder::{Doorbell, Reader};
use tokio::net::UnixDatagram;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::asker::{Asker, RETRY, TRIES, asker};
use crate::config::Config;
use crate::courier::Returned;
use crate::cycle::{Cycle, Event, Step};
use crate::desk::Desk;
use crate::lambda::{Lambda, LambdaError, Turn};
use crate::platform::PlatformEvent;
use crate::{listener, log};

/// A weight of 110 beside the function's 1024 (kernel, `sched_prio_to_weight`).
const NICENESS: i32 = 10;
/// Managed Instances have no INVOKE and no freeze: there the clock says when to send.
const TICK: Duration = Duration::from_secs(1);
/// Nobody waits for the bell there, and many invocations ring it: what ends within this is read at once. At ten thousand
/// spans a second it is some fifty records.
const GATHER: Duration = Duration::from_millis(2);
/// How often it is looked whether the process that serves still lives: without the Telemetry API nobody says so before SHUTDOWN,
/// and SHUTDOWN is said to those only who have asked `/next`.
const LOOK: Duration = Duration::from_millis(250);
/// How long SHUTDOWN waits for the platform's word on a death: its buffer is told to wait 25 ms.
const LAST_WORD: Duration = Duration::from_millis(120);
/// What the buffer itself may hold back: nobody waits for the end of an environment.
const LAST_BUFFER: Duration = Duration::from_millis(50);

/// The extension's whole life, by its environment. Never fails: a layer that can't work must not take its function down.
pub async fn run() {
    match Config::from_env() {
        Ok(config) => serve(config).await,
        Err(error) if error.variable == "AWS_LAMBDA_RUNTIME_API" => {
            log::error("this is a Lambda extension and runs nowhere else", [("error", error.to_string().into())]);
        }
        Err(error) => {
            log::error("the layer is off", [("error", error.to_string().into()), ("variable", error.variable.into())]);
            let Ok(address) = Config::runtime_api_from_env() else { return };
            if let Some(lambda) = register(&address, false).await {
                idle(asker(lambda)).await;
            }
        }
    }
}

/// The extension's whole life with this configuration: until SHUTDOWN.
pub async fn serve(mut config: Config) {
    let listening = listener::listen().await;
    let Some(mut lambda) = register(&config.runtime_api, config.is_managed).await else { return };
    config.is_managed = !lambda.hears_invoke;
    let events = match listening {
        Ok((port, events)) => match lambda.subscribe(port).await {
            Ok(()) => Some(events),
            Err(error) => {
                log::warn("no platform events: deaths are known by SHUTDOWN", [("error", log::chain(&error).into())]);
                None
            }
        },
        Err(error) => {
            log::warn("no platform events: no port to hear them at", [("error", error.to_string().into())]);
            None
        }
    };
    match Reader::open(&config.recorder, config.recorder_bytes)
        .and_then(|reader| reader.with_sinks(&["honeycomb", "rollbar", "xray"]))
    {
        Ok(reader) => Layer::new(config, reader, events, asker(lambda)).work().await,
        Err(error) => {
            log::error("the layer is off", [("error", log::chain(&error).into())]);
            idle(asker(lambda)).await;
        }
    }
}

async fn register(address: &str, is_managed: bool) -> Option<Lambda> {
    for _ in 0..TRIES {
        match Lambda::register(address, is_managed).await {
            Ok(lambda) => return Some(lambda),
            Err(error @ LambdaError::Refused { .. }) => {
                log::error("the layer could not register", [("error", log::chain(&error).into())]);
                return None;
            }
            Err(_) => tokio::time::sleep(RETRY).await,
        }
    }
    log::error("the layer could not register: no answer", []);
    None
}

/// Answers `/next` and does nothing else: what is left of a layer that can't work.
async fn idle(mut asker: Asker) {
    loop {
        asker.ask();
        match asker.turns.recv().await {
            Some(Turn::Shutdown { .. }) | None => return,
            Some(Turn::Invoke { .. } | Turn::Unknown) => (),
        }
    }
}

enum Happened {
    Doorbell,
    Platform(PlatformEvent),
    Turn(Option<Turn>),
    Returned(Returned),
    TimeUp,
}

struct Layer {
    desk: Desk,
    cycle: Cycle,
    asker: Asker,
    events: Option<mpsc::Receiver<PlatformEvent>>,
    bell: Option<UnixDatagram>,
    /// On Managed Instances.
    clock: Option<Clock>,
    budget: Duration,
    /// The invocation that INVOKE announced last.
    served: String,
}

/// What stands in for INVOKE and freeze.
struct Clock {
    /// When everything is looked at.
    ticks_at: Instant,
    /// From when on the bell is heard again.
    hears_at: Instant,
}

impl Layer {
    fn new(config: Config, reader: Reader, events: Option<mpsc::Receiver<PlatformEvent>>, asker: Asker) -> Self {
        let bell = Doorbell::bind(&config.recorder).and_then(|bell| UnixDatagram::from_std(bell.into_socket()));
        let bell = bell.inspect_err(|error| log::warn("no doorbell", [("error", error.to_string().into())])).ok();
        let now = Instant::now();
        let clock = config.is_managed.then(|| Clock { ticks_at: now + TICK, hears_at: now });
        let (budget, desk) = (config.flush_budget, Desk::new(config, reader, now));
        Self { desk, cycle: Cycle::new(budget), asker, events, bell, clock, budget, served: String::new() }
    }

    async fn work(mut self) {
        self.asker.ask();
        self.desk.may_send = true;
        step_back();
        loop {
            let happened = self.happens().await;
            let now = Instant::now();
            let event = match happened {
                Happened::Turn(None) => Event::Shutdown { deadline: now },
                Happened::Turn(Some(Turn::Shutdown { reason, deadline })) => {
                    self.hear_the_last_word().await;
                    self.desk.hear_shutdown(&reason, Instant::now(), SystemTime::now());
                    Event::Shutdown { deadline }
                }
                other => self.notice(other, now),
            };
            if let Step::Finish { by } = self.act(event, now) {
                return self.finish(by).await;
            }
        }
    }

    async fn happens(&mut self) -> Happened {
        let (wakes_at, hears_at) = (self.wakes_at(), self.clock.as_ref().map(|clock| clock.hears_at));
        // Hear the function before Lambda, and both before the clock.
        tokio::select! { biased;
            () = rung(self.bell.as_ref(), hears_at) => Happened::Doorbell,
            event = heard(self.events.as_mut()) => Happened::Platform(event),
            turn = self.asker.turns.recv() => Happened::Turn(turn),
            returned = self.desk.outbox.courier.returned() => Happened::Returned(returned),
            () = tokio::time::sleep_until(wakes_at) => Happened::TimeUp,
        }
    }

    fn wakes_at(&self) -> Instant {
        let now = Instant::now();
        let tick = self.clock.as_ref().map(|clock| clock.ticks_at);
        let look = self.cycle.is_serving().then(|| now + LOOK);
        // A gate that opened while nothing was sent is no reason to wake at once, and again.
        let gate = self.desk.outbox.opens_at().filter(|opens_at| *opens_at > now);
        [self.cycle.wakes_at(), gate, look, tick].into_iter().flatten().min().unwrap_or(now + Duration::from_secs(3600))
    }

    /// Takes in what happened, and says it in the cycle's words.
    fn notice(&mut self, happened: Happened, now: Instant) -> Event {
        match happened {
            Happened::Doorbell => {
                self.desk.listen(now);
                if let Some(clock) = &mut self.clock {
                    clock.hears_at = now + GATHER;
                    self.send_due(now);
                }
            }
            Happened::Platform(event) => self.desk.hear(&event, now),
            Happened::Returned(returned) => {
                self.desk.settle(returned, now);
                self.send_due(now);
            }
            Happened::Turn(Some(Turn::Invoke { request_id, deadline })) => {
                self.desk.listen(now);
                self.served = request_id;
                return Event::Invoke { deadline };
            }
            Happened::Turn(_) => self.asker.ask(),
            Happened::TimeUp => {
                self.desk.listen(now);
                if let Some(clock) = &mut self.clock {
                    clock.ticks_at = now + TICK;
                    self.desk.judge_the_gone(SystemTime::now());
                    self.desk.listen(now);
                    self.desk.send(now);
                }
                if self.cycle.is_serving() && self.desk.is_gone(&self.served) {
                    return Event::Gone;
                }
                if self.cycle.wakes_at().is_some_and(|at| at <= now) {
                    return Event::TimeUp;
                }
                self.desk.send(now);
            }
        }
        self.state(now)
    }

    /// Dense traffic is told in batches: what came since the last one waits, unless `/next` is held for it.
    fn send_due(&mut self, now: Instant) {
        if self.cycle.is_delivering() || self.desk.outbox.is_due(now) {
            self.desk.send(now);
        }
    }

    fn state(&self, now: Instant) -> Event {
        let outbox = &self.desk.outbox;
        Event::Heard {
            is_over: self.desk.is_over(&self.served),
            is_urgent: outbox.is_urgent(now),
            has_work: outbox.is_worth_waiting(now, self.budget),
        }
    }

    /// Steps, and acts on the step, until there is nothing to do but to wait or to finish.
    fn act(&mut self, event: Event, now: Instant) -> Step {
        let mut step = self.cycle.step(event, now);
        loop {
            match step {
                Step::Wait => {
                    // Errors leave at once, whoever is being served.
                    if self.desk.outbox.is_urgent(now) {
                        self.desk.send(now);
                    }
                    return step;
                }
                Step::SendLeft => self.send_due(now),
                Step::Deliver => {
                    self.desk.send(now);
                    return step;
                }
                Step::SendEnded => {
                    self.desk.send_ended(&self.served, now);
                    self.desk.send(now);
                    self.asker.ask();
                    return step;
                }
                Step::Next => {
                    self.asker.ask();
                    return step;
                }
                Step::Finish { .. } => return step,
            }
            // A fast function may be over before its INVOKE was heard.
            step = self.cycle.step(self.state(now), now);
        }
    }

    /// A verdict comes by the Telemetry API, whose buffer may be a moment behind SHUTDOWN.
    async fn hear_the_last_word(&mut self) {
        self.desk.listen(Instant::now());
        let patience = if self.desk.awaits_a_verdict() { LAST_WORD } else { LAST_BUFFER };
        let until = Instant::now() + patience;
        while let Some(events) = self.events.as_mut() {
            let Ok(Some(event)) = tokio::time::timeout_at(until, events.recv()).await else { return };
            let awaited = self.desk.awaits_a_verdict();
            self.desk.hear(&event, Instant::now());
            if awaited && !self.desk.awaits_a_verdict() {
                return;
            }
        }
    }

    /// Sends all there is until `by`, prints what is left.
    async fn finish(mut self, by: Instant) {
        self.desk.outbox.open_gates();
        self.desk.send(Instant::now());
        while self.desk.outbox.has_work(Instant::now()) {
            // What is delivered meanwhile need not be printed, and its time is won.
            let until = by.checked_sub(self.desk.outbox.time_to_print()).unwrap_or(by);
            tokio::select! { biased;
                returned = self.desk.outbox.courier.returned() => {
                    self.desk.settle(returned, Instant::now());
                    self.desk.send(Instant::now());
                }
                () = tokio::time::sleep_until(until) => break,
            }
        }
        self.desk.give_all_up(Instant::now());
    }
}

/// Gives the function the processor where both want it: the doorbell rings just when it is about to answer, and a kernel likes to
/// run whoever was woken. A tenth of the weight is still enough to send what has ended before a deadline.
fn step_back() {
    if let Err(error) = rustix::process::nice(NICENESS) {
        log::warn("the layer runs at the function's priority", [("error", error.to_string().into())]);
    }
}

async fn rung(bell: Option<&UnixDatagram>, hears_at: Option<Instant>) {
    if let Some(hears_at) = hears_at {
        tokio::time::sleep_until(hears_at).await;
    }
    match bell {
        Some(bell) => match bell.recv(&mut [0; 1]).await {
            Ok(_) => (),
            // A bell that is broken is no bell.
            Err(_) => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

async fn heard(events: Option<&mut mpsc::Receiver<PlatformEvent>>) -> PlatformEvent {
    if let Some(events) = events
        && let Some(event) = events.recv().await
    {
        return event;
    }
    std::future::pending().await
}
