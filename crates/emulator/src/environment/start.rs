//! Starts what there is to start: a process, an invocation.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use tokio::time::Instant;

use super::{Current, Environment, Job};
use crate::events::{EmulatorEvent, Stream};
use crate::faults::{KillTarget, KillTrigger};
use crate::life::{Event, Role};
use crate::outcome::InvocationInfo;
use crate::output_drain::Tap;
use crate::process::Started;
use crate::trace::Trace;
use crate::variables::Surroundings;

impl Environment {
    pub(super) fn start(&mut self, role: Role) {
        let program = match role {
            Role::Runtime => self.plan.function.bootstrap.clone(),
            Role::Extension(index) => self.plan.emulator.extensions[index].clone(),
        };
        let folder = match role {
            Role::Runtime => program.parent().unwrap_or(Path::new("/")),
            Role::Extension(_) => Path::new("/"),
        };
        let started = self.processes.start(role, &program, folder, &self.variables(role));
        match started.and_then(|started| self.greet(role, started)) {
            Ok(()) => (),
            Err(error) => {
                let words = launch_words(&program, &error);
                self.follow_ups.push_back(Event::NotStarted { role, words });
            }
        }
    }

    fn variables(&self, role: Role) -> BTreeMap<String, String> {
        let tmp = self.folder.join("tmp");
        let surroundings = Surroundings {
            emulator: &self.plan.emulator,
            function: &self.plan.function,
            runtime_api: &self.runtime_api,
            log_stream: &self.log_stream,
            tmp: &tmp,
            marker: &self.plan.marker,
            managed_instance: self.plan.faults.now().refuse_invoke,
        };
        match role {
            Role::Runtime => surroundings.of_runtime(),
            Role::Extension(_) => surroundings.of_extension(),
        }
    }

    /// Reads what the new process prints, and watches it.
    fn greet(&mut self, role: Role, started: Started) -> io::Result<()> {
        let (source, journal) = (self.source(role), self.journal.clone());
        let (stdout, stderr) = (Tap::new(&started.stdout)?, Tap::new(&started.stderr)?);
        self.readers.spawn(journal.clone().read(started.stdout, stdout.busy(), source.clone(), Stream::Stdout));
        self.readers.spawn(journal.read(started.stderr, stderr.busy(), source.clone(), Stream::Stderr));
        self.taps.extend([stdout, stderr]);
        self.update_view();
        self.watch_memory();
        let whom = if role == Role::Runtime { KillTarget::Runtime } else { KillTarget::Extensions };
        self.plan_kills_of(whom, KillTrigger::Started);
        let environment = self.id.to_string();
        self.plan.hub.publish(EmulatorEvent::ProcessStarted { environment, process: source, pid: started.pid });
        Ok(())
    }

    pub(super) fn take(&mut self, cold: bool, deadline: Instant) {
        let Some(job) = self.pending.take() else { return };
        self.current = Some(self.begin(job, cold, deadline));
    }

    /// An invocation as it begins, told to whoever watches.
    pub(super) fn begin(&self, job: Job, cold: bool, deadline: Instant) -> Current {
        let trace = Trace::new(job.invocation.trace_header.as_deref(), SystemTime::now());
        let served = InvocationInfo {
            request_id: job.request_id,
            environment: self.id.to_string(),
            cold_start: cold,
            trace_header: trace.downstream.clone(),
            segment_id: trace.segment_id.clone(),
        };
        self.plan.hub.publish(EmulatorEvent::InvocationStarted {
            environment: self.id.to_string(),
            request_id: served.request_id.clone(),
            trace_header: trace.upstream.clone(),
            segment_id: trace.segment_id.clone(),
            cold_start: cold,
        });
        Current { invocation: job.invocation, trace, deadline, served, answer: Some(job.answer) }
    }
}

/// As Go says it: `fork/exec /var/task/bootstrap: no such file or directory`.
fn launch_words(program: &Path, error: &io::Error) -> String {
    let words = error.to_string().to_lowercase();
    let words = words.split(" (os error").next().unwrap_or_default();
    format!("fork/exec {}: {words}", program.display())
}
