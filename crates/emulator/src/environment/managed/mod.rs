//! An environment of Lambda Managed Instances: several invocations at once, nothing ever frozen, extensions that hear of SHUTDOWN
//! alone, and a crash that ends it all. Facts are the developer guide's ("Lambda Managed Instances", execution environment and Rust).

mod calls;
mod ending;

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::hand::runtime_headers;
use super::{Current, Environment, Job, WaysIn};
use crate::api::Answer;
use crate::events::EmulatorEvent;
use crate::faults::KillTrigger;
use crate::life::{Event, Fatal, Leave, Reason, Role};
use crate::outcome::Outcome;
use crate::platform::{InitPhase, Platform, Span, Verdict};

/// An invocation that a worker of the runtime has.
#[derive(Debug)]
struct Running {
    current: Current,
    handed: Instant,
}

#[derive(Debug)]
pub(super) struct Managed {
    /// Its processes, lines and telemetry are any environment's; its life is not.
    base: Environment,
    /// How many invocations it serves at once.
    most: usize,
    started: bool,
    /// Open `next` calls of the runtime's workers.
    workers: VecDeque<oneshot::Sender<Answer>>,
    queue: VecDeque<Job>,
    running: HashMap<String, Running>,
    /// The ids by which extensions call, once they have registered.
    extensions: Vec<Option<String>>,
    /// SHUTDOWN has been said, or will be to those who ask.
    shutdown: Option<(Reason, Instant)>,
}

/// Why it serves no longer.
#[derive(Debug)]
enum Over {
    /// A process is gone, or the memory is full.
    Failed(Fatal),
    Left(Leave),
}

impl Managed {
    pub(super) fn new(base: Environment, most: usize) -> Self {
        let extensions = base.plan.emulator.extensions.iter().map(|_| None).collect();
        Self {
            base,
            most,
            started: false,
            workers: VecDeque::new(),
            queue: VecDeque::new(),
            running: HashMap::new(),
            extensions,
            shutdown: None,
        }
    }

    pub(super) async fn run(mut self, mut ways_in: WaysIn) {
        self.base.plan.hub.publish(EmulatorEvent::EnvironmentStarted {
            environment: self.base.id.to_string(),
            function: self.base.plan.function.name.clone(),
            folder: self.base.folder.clone(),
        });
        let over = self.serve(&mut ways_in).await;
        self.base.plan.pool.share(&self.base.id, false);
        self.end(over, &mut ways_in).await;
        self.base.clear_away().await;
    }

    async fn serve(&mut self, ways_in: &mut WaysIn) -> Over {
        let mut leaving = false;
        loop {
            if leaving && self.running.is_empty() && self.queue.is_empty() {
                return Over::Left(Leave::WhenServed);
            }
            let deadline = self.running.values().filter(|running| running.current.answer.is_some());
            let deadline = deadline.map(|running| running.current.deadline).min();
            let deed_at = self.base.next_deed_at();
            let reached = |at: Option<Instant>| sleep_until(at.unwrap_or_else(Instant::now));
            tokio::select! { biased;
                Some(asked) = ways_in.calls.recv() => {
                    if let Some(fatal) = self.called(asked).await {
                        return Over::Failed(fatal);
                    }
                }
                (role, words) = self.base.processes.exited() => {
                    self.base.settle().await;
                    let _seen = self.base.saw_exit(role, words.clone());
                    return Over::Failed(fatal_of(role, &words));
                }
                Some(job) = ways_in.jobs.recv() => self.receive(job),
                Some(leave) = ways_in.orders.recv() => match leave {
                    Leave::WhenServed => leaving = true,
                    Leave::Now | Leave::Killed => return Over::Left(leave),
                },
                () = reached(deadline), if deadline.is_some() => self.time_out(),
                () = reached(deed_at), if deed_at.is_some() => {
                    self.base.do_due_deeds();
                    if let Some(Event::OutOfMemory) = self.base.follow_ups.pop_front() {
                        return Over::Failed(out_of_memory());
                    }
                }
            }
        }
    }

    fn receive(&mut self, job: Job) {
        self.queue.push_back(job);
        if !std::mem::replace(&mut self.started, true) {
            self.base.say(&Platform::InitStart { phase: InitPhase::Init });
            (0..self.extensions.len()).for_each(|index| self.base.start(Role::Extension(index)));
            self.start_runtime_when_registered();
        }
        self.hand_out();
    }

    fn start_runtime_when_registered(&mut self) {
        if self.extensions.iter().all(Option::is_some) {
            self.base.start(Role::Runtime);
        }
    }

    /// Gives what waits to workers that wait, and tells the pool whether there is room.
    fn hand_out(&mut self) {
        let is_up = self.base.waiting_extensions.len() == self.extensions.len();
        while is_up && !self.queue.is_empty() {
            let Some(worker) = self.workers.pop_front() else { break };
            if worker.is_closed() {
                continue;
            }
            let Some(job) = self.queue.pop_front() else { break };
            self.hand(job, worker);
        }
        self.say_what_is_free();
    }

    fn say_what_is_free(&self) {
        let is_up = self.base.waiting_extensions.len() == self.extensions.len();
        let has_room = is_up && self.running.len() + self.queue.len() < self.most;
        self.base.plan.pool.share(&self.base.id, has_room);
    }

    fn hand(&mut self, job: Job, worker: oneshot::Sender<Answer>) {
        let now = Instant::now();
        let current = self.base.begin(job, false, now + self.base.plan.function.timeout);
        let headers = runtime_headers(&current, &self.base.plan.emulator.arn(&self.base.plan.function.name));
        let answer = Answer::Invocation { headers, payload: current.invocation.payload.clone() };
        let current = self.speak_of(current, &Platform::Start);
        self.running.insert(current.served.request_id.clone(), Running { current, handed: now });
        // A worker that was cut off at this very moment never answers: the deadline ends that.
        let _cut_off = worker.send(answer);
        self.base.plan_kills(KillTrigger::Invoked);
    }

    /// What the platform says is about one invocation at a time.
    fn speak_of(&mut self, current: Current, words: &Platform) -> Current {
        let request_id = current.served.request_id.clone();
        self.base.current = Some(current);
        self.base.say(words);
        self.base.current.take().unwrap_or_else(|| unreachable!("nobody takes {request_id} while it is spoken of"))
    }

    /// The client is answered and the report made; the code goes on, and what it answers later is heard by nobody.
    fn time_out(&mut self) {
        let (now, limit) = (Instant::now(), self.base.plan.function.timeout);
        let due = |running: &Running| running.current.answer.is_some() && running.current.deadline <= now;
        let late: Vec<String> =
            self.running.iter().filter(|(_, running)| due(running)).map(|(id, _)| id.clone()).collect();
        for id in late {
            self.answer(&id, now, Err(Fatal::timeout(limit)));
        }
    }

    /// Answers the client, once, and makes the report.
    fn answer(&mut self, request_id: &str, first_byte: Instant, result: Result<Bytes, Fatal>) {
        let Some(Running { mut current, handed }) = self.running.remove(request_id) else { return };
        let Some(answer) = current.answer.take() else { return };
        let now = Instant::now();
        let verdict = result.as_ref().map_or_else(Fatal::verdict, |_| Verdict::success());
        let spans = vec![
            Span { name: "responseLatency", start: handed, duration: first_byte.saturating_duration_since(handed) },
            Span { name: "responseDuration", start: first_byte, duration: now.saturating_duration_since(first_byte) },
        ];
        let report = Platform::Report { verdict, duration: now - handed, init: None, spans };
        let is_late = matches!(&result, Err(fatal) if *fatal == Fatal::timeout(self.base.plan.function.timeout));
        let info = current.served.clone();
        let outcome = match result {
            Ok(payload) => Outcome::Succeeded { payload, info },
            Err(fatal) => super::act::failed(fatal, info),
        };
        let current = self.speak_of(current, &report);
        if is_late {
            self.running.insert(request_id.to_owned(), Running { current, handed });
        }
        // Said first: whoever has the answer may ask again at once.
        self.say_what_is_free();
        // A caller who does not wait any more misses the answer, as Lambda's would.
        let _gone = answer.send(outcome);
        self.base.plan_kills(KillTrigger::Responded);
    }
}

fn fatal_of(role: Role, words: &str) -> Fatal {
    let (error_type, message) = match role {
        Role::Runtime => ("Runtime.ExitError", format!("Runtime exited with error: {words}")),
        Role::Extension(_) => ("Extension.Crash", words.replace("exit status", "exit code")),
    };
    Fatal::new(crate::outcome::FailureKind::Exit, error_type, message)
}

fn out_of_memory() -> Fatal {
    let message = "Runtime exited with error: signal: killed";
    Fatal::new(crate::outcome::FailureKind::OutOfMemory, "Runtime.OutOfMemory", message)
}
