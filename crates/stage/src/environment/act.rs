//! Does what the life of the environment says.

use std::{
    path::Path,
    sync::{Arc, PoisonError},
    time::SystemTime,
};

use rustix::process::Signal;
use serde_json::json;
use tokio::time::Instant;

use super::{Current, Environment};
use crate::{
    api::Answer,
    events::{Ended, StageEvent, Stream},
    faults::{Moment, Whom},
    life::{Act, Event, Fatal, Offer, Reason, Reply, Role},
    outcome::{FailureKind, Outcome, Served},
    platform::{Context, Platform, timestamp},
    process::Processes,
    telemetry::{Item, Kind, Request, Schema},
    trace::Trace,
    variables::Surroundings,
};

impl Environment {
    pub(super) fn act(&mut self, act: Act) {
        match act {
            Act::Reply(reply) => self.reply(reply),
            Act::StartExtension { index } => self.start(Role::Extension(index)),
            Act::StartRuntime => self.start(Role::Runtime),
            Act::Take { cold, deadline } => self.take(cold, deadline),
            Act::HandToRuntime => self.hand_to_runtime(),
            Act::HandToExtension { index } => self.hand_to_extension(index),
            Act::HandShutdown { index, reason, deadline } => self.hand_shutdown(index, reason, deadline),
            Act::Platform(platform) => self.say(&platform),
            Act::Subscribe { name, request } => self.subscribe(name, request),
            Act::Answer(result) => self.answer(result),
            Act::Complain(fatal) => self.complain(&fatal),
            Act::Terminate(role) => self.processes.signal(role, Signal::TERM),
            Act::Kill(role) => self.processes.signal(role, Signal::KILL),
            Act::KillAll => self.processes.signal_all(Signal::KILL),
            Act::Freeze => self.freeze(true),
            Act::Thaw => self.freeze(false),
            Act::Offer(offer) => self.offer(offer),
            Act::Emptied { reason } => self.emptied(reason),
            Act::End => self.ended = true,
        }
    }

    fn reply(&mut self, reply: Reply) {
        let answer = match reply {
            Reply::Park => return self.park(),
            Reply::Accepted => Answer::Accepted,
            Reply::Registered => Answer::Registered,
            Reply::Refused(refusal) => Answer::Refused(refusal),
        };
        if let Some((asking, _)) = self.asking.take() {
            // The caller may be gone: a process that was killed while it asked.
            let _gone = asking.send(answer);
        }
    }

    fn start(&mut self, role: Role) {
        let program = match role {
            Role::Runtime => self.plan.function.bootstrap.clone(),
            Role::Extension(index) => self.plan.stage.extensions[index].clone(),
        };
        let tmp = self.folder.join("tmp");
        let surroundings = Surroundings {
            stage: &self.plan.stage,
            function: &self.plan.function,
            runtime_api: &self.runtime_api,
            log_stream: &self.log_stream,
            tmp: &tmp,
            marker: &self.plan.marker,
            managed_instance: self.plan.faults.now().refuse_invoke,
        };
        let (variables, folder) = match role {
            Role::Runtime => (surroundings.of_runtime(), program.parent().unwrap_or(Path::new("/"))),
            Role::Extension(_) => (surroundings.of_extension(), Path::new("/")),
        };
        match self.processes.start(role, &program, folder, &variables) {
            Ok(started) => {
                let (source, journal) = (self.source(role), self.journal.clone());
                self.readers.spawn(journal.clone().read(started.stdout, source.clone(), Stream::Stdout));
                self.readers.spawn(journal.read(started.stderr, source.clone(), Stream::Stderr));
                self.update_view();
                self.watch_memory();
                self.plan_kills_of(
                    if role == Role::Runtime { Whom::Runtime } else { Whom::Extensions },
                    Moment::Started,
                );
                let environment = self.id.to_string();
                self.plan.hub.publish(StageEvent::ProcessStarted { environment, process: source, pid: started.pid });
            }
            Err(error) => {
                let words = format!("{}: {error}", program.display());
                self.follow_ups.push_back(Event::NotStarted { role, words });
            }
        }
    }

    fn take(&mut self, cold: bool, deadline: Instant) {
        let Some(job) = self.pending.take() else { return };
        let trace = Trace::new(job.invocation.trace_header.as_deref(), SystemTime::now());
        let served = Served {
            request_id: job.request_id,
            environment: self.id.to_string(),
            cold,
            trace_header: trace.downstream.clone(),
            segment_id: trace.segment_id.clone(),
        };
        self.plan.hub.publish(StageEvent::InvocationStarted {
            environment: self.id.to_string(),
            request_id: served.request_id.clone(),
            trace_header: trace.upstream.clone(),
            segment_id: trace.segment_id.clone(),
            cold,
        });
        let (invocation, answer) = (job.invocation, Some(job.answer));
        self.current = Some(Current { invocation, trace, deadline, served, answer });
    }

    fn say(&mut self, platform: &Platform) {
        if let Platform::Report { .. } = platform {
            self.measure_memory();
        }
        let now = SystemTime::now();
        let context = Context {
            function: &self.plan.function.name,
            log_stream: &self.log_stream,
            memory_mb: self.plan.function.memory_mb,
            // A process can't have used more than there is; what the watch over memory let slip does not show.
            max_memory_used_mb: self.max_memory_mb.min(self.plan.function.memory_mb.into()),
            request_id: self.request_id(),
            trace: self.current.as_ref().map(|current| &current.trace),
            anchor: self.anchor,
        };
        let record = Arc::new(platform.record(&context));
        let item = Item { kind: Kind::Platform, name: platform.name(), time: now, record };
        if platform.logged() {
            self.journal.write_platform(now, item.encode(Schema::Objects));
        }
        self.publish(platform, item);
        if let Platform::Report { verdict, .. } = platform {
            self.plan.hub.publish(StageEvent::InvocationEnded {
                environment: self.id.to_string(),
                request_id: self.request_id().to_owned(),
                status: verdict.status.word(),
                error_type: verdict.error_type.clone(),
            });
        }
    }

    fn publish(&mut self, platform: &Platform, item: Item) {
        match platform {
            Platform::InitStart { .. } => self.telemetry.open(),
            Platform::RuntimeDone { .. } => {
                self.publish_runtime_done(item);
                self.plan_kills(Moment::RuntimeDone);
                return self.plan_freeze();
            }
            _ => (),
        }
        self.telemetry.publish(item);
        if let Platform::InitReport { .. } = platform {
            self.telemetry.close();
        }
    }

    fn subscribe(&mut self, name: String, request: Request) {
        let types = request.kinds.iter().map(|kind| kind.word().to_owned()).collect();
        self.telemetry.subscribe(&name, request);
        self.say(&Platform::TelemetrySubscription { name, types });
    }

    fn answer(&mut self, result: Result<bytes::Bytes, Fatal>) {
        let Some(current) = &mut self.current else { return };
        let Some(answer) = current.answer.take() else { return };
        let about = current.served.clone();
        let outcome = match result {
            Ok(payload) => Outcome::Answered { payload, about },
            Err(fatal) => failed(fatal, about),
        };
        // A caller who does not wait any more misses the answer, as Lambda's would.
        let _gone = answer.send(outcome);
        self.plan_kills(Moment::Answered);
    }

    /// The lines that Lambda writes in the function's log, whatever the format.
    fn complain(&mut self, fatal: &Fatal) {
        let now = SystemTime::now();
        let line = match (fatal.kind, self.request_id()) {
            (FailureKind::Timeout, request_id) => format!("{} {request_id} {}", timestamp(now), fatal.message),
            (_, "") => format!("Error: {}\n{}", fatal.message, fatal.error_type),
            (_, request_id) => format!("RequestId: {request_id} Error: {}\n{}", fatal.message, fatal.error_type),
        };
        self.journal.write_platform(now, line);
    }

    fn freeze(&mut self, frozen: bool) {
        self.frozen = frozen;
        self.telemetry.set_running(!frozen);
        self.processes.signal_all(if frozen { Signal::STOP } else { Signal::CONT });
        if !frozen {
            self.watch_memory();
        }
        self.view.lock().unwrap_or_else(PoisonError::into_inner).frozen = frozen;
        let environment = self.id.to_string();
        self.plan.hub.publish(match frozen {
            true => StageEvent::Frozen { environment },
            false => StageEvent::Thawed { environment },
        });
    }

    fn offer(&mut self, offer: Offer) {
        if offer == Offer::Idle {
            self.current = None;
        }
        self.plan.pool.offer(&self.id, offer, self.received);
    }

    fn emptied(&mut self, reason: Reason) {
        self.waiting_runtime = None;
        self.waiting_extensions.clear();
        self.current = None;
        // One that even SIGKILL did not end is not of the next life.
        self.processes = Processes::default();
        self.deeds.clear();
        self.telemetry.clear();
        self.frozen = false;
        self.update_view();
        if reason != Reason::Spindown {
            let environment = self.id.to_string();
            self.plan.hub.publish(StageEvent::EnvironmentEnded { environment, how: Ended::Reset });
        }
    }

    fn request_id(&self) -> &str {
        self.current.as_ref().map_or("", |current| &current.served.request_id)
    }

    /// The highest resident set that each process has had, added up.
    fn measure_memory(&mut self) {
        let sum: u64 = self.processes.pids().map(|(_, pid)| crate::memory::high_water_kb(pid)).sum();
        self.max_memory_mb = self.max_memory_mb.max(sum.div_ceil(1024));
    }
}

/// Lambda puts the request id before its own words, but not where the answer was only too large.
fn failed(fatal: Fatal, about: Served) -> Outcome {
    let message = match fatal.kind {
        FailureKind::TooLarge | FailureKind::Handler => fatal.message,
        _ => format!("RequestId: {} Error: {}", about.request_id, fatal.message),
    };
    let (payload, error_type, message) = match fatal.payload {
        Some(payload) => {
            let said: serde_json::Value = serde_json::from_slice(&payload).unwrap_or_default();
            let text = |key: &str| said.get(key).and_then(|value| value.as_str()).map(str::to_owned);
            (payload, text("errorType").unwrap_or(fatal.error_type), text("errorMessage").unwrap_or_default())
        }
        None => {
            let body = json!({ "errorType": fatal.error_type, "errorMessage": message });
            (body.to_string().into(), fatal.error_type, message)
        }
    };
    Outcome::Failed { error_type, message, payload, kind: fatal.kind, about }
}
