//! Starts a process of an environment and reads its output.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::Environment;
use crate::events::{EmulatorEvent, Stream};
use crate::faults::{KillTarget, KillTrigger};
use crate::lifecycle::{Event, ProcessRole};
use crate::output_drain::OutputDrain;
use crate::process::StartedProcess;
use crate::variables::VariableSources;

impl Environment {
    /// Starts the process. A failure becomes an event of the lifecycle.
    pub(super) fn start_process(&mut self, role: ProcessRole) {
        let program = match role {
            ProcessRole::Runtime => self.context.function.bootstrap.clone(),
            ProcessRole::Extension(index) => self.context.emulator.extensions[index].clone(),
        };
        let folder = match role {
            ProcessRole::Runtime => program.parent().unwrap_or(Path::new("/")),
            ProcessRole::Extension(_) => Path::new("/"),
        };
        let started = self.processes.start(role, &program, folder, &self.variables(role));
        if let Err(error) = started.and_then(|started| self.watch_process(role, started)) {
            let error = describe_start_error(&program, &error);
            self.follow_ups.push_back(Event::NotStarted { role, error });
        }
    }

    fn variables(&self, role: ProcessRole) -> BTreeMap<String, String> {
        let tmp = self.folder.join("tmp");
        let sources = VariableSources {
            emulator: &self.context.emulator,
            function: &self.context.function,
            runtime_api: &self.runtime_api,
            log_stream: &self.log_stream,
            tmp: &tmp,
            marker: &self.context.marker,
            is_managed_instance: self.context.faults.get().refuse_invoke,
        };
        match role {
            ProcessRole::Runtime => sources.for_runtime(),
            ProcessRole::Extension(_) => sources.for_extension(),
        }
    }

    /// Reads the process's output, watches its memory and starts the timers of its faults.
    fn watch_process(&mut self, role: ProcessRole, started: StartedProcess) -> io::Result<()> {
        let (source, logs) = (self.source(role), self.logs.clone());
        let (stdout, stderr) = (OutputDrain::new(&started.stdout)?, OutputDrain::new(&started.stderr)?);
        let forward_stdout = logs.clone().forward(started.stdout, stdout.activity(), source.clone(), Stream::Stdout);
        let forward_stderr = logs.forward(started.stderr, stderr.activity(), source.clone(), Stream::Stderr);
        self.log_readers.spawn(forward_stdout);
        self.log_readers.spawn(forward_stderr);
        self.output_drains.extend([stdout, stderr]);
        self.update_snapshot();
        self.watch_memory();
        let target = if role == ProcessRole::Runtime { KillTarget::Runtime } else { KillTarget::Extensions };
        self.schedule_kills_of(target, KillTrigger::Started);
        let environment = self.id.to_string();
        self.context.events.publish(EmulatorEvent::ProcessStarted { environment, process: source, pid: started.pid });
        Ok(())
    }
}

/// Describes the error as Go does: `fork/exec /var/task/bootstrap: no such file or directory`.
fn describe_start_error(program: &Path, error: &io::Error) -> String {
    let error = error.to_string().to_lowercase();
    let error = error.split(" (os error").next().unwrap_or_default();
    format!("fork/exec {}: {error}", program.display())
}
