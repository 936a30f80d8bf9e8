//! The processes of one environment.
//!
//! Each leads its own process group, so that a signal reaches its children too.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::task::Poll;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use crate::lifecycle::ProcessRole;

#[derive(Debug)]
struct Process {
    role: ProcessRole,
    child: Child,
    group: Pid,
}

/// The running processes of one environment.
#[derive(Debug, Default)]
pub(crate) struct Processes {
    running: Vec<Process>,
}

/// The output pipes of a process that was just started.
#[derive(Debug)]
pub(crate) struct StartedProcess {
    pub(crate) pid: u32,
    pub(crate) stdout: ChildStdout,
    pub(crate) stderr: ChildStderr,
}

impl Processes {
    /// Starts `program` in `folder` with these environment variables only.
    pub(crate) fn start(
        &mut self,
        role: ProcessRole,
        program: &Path,
        folder: &Path,
        variables: &BTreeMap<String, String>,
    ) -> io::Result<StartedProcess> {
        let mut child = Command::new(program)
            .current_dir(folder)
            .env_clear()
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let pid = child.id().ok_or_else(|| io::Error::other("the process has exited"))?;
        let group = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or_else(|| io::Error::other("no process id"))?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(io::Error::other("no pipes"));
        };
        self.running.push(Process { role, child, group });
        Ok(StartedProcess { pid, stdout, stderr })
    }

    /// Waits for the next process to exit, and kills what it left in its process group. Returns the
    /// exit status as Go prints it. Waits forever if no process runs.
    pub(crate) async fn next_exit(&mut self) -> (ProcessRole, String) {
        let (index, status) = poll_fn(|context| {
            for (index, process) in self.running.iter_mut().enumerate() {
                if let Poll::Ready(status) = pin!(process.child.wait()).poll(context) {
                    return Poll::Ready((index, status));
                }
            }
            Poll::Pending
        })
        .await;
        let process = self.running.remove(index);
        send_signal(process.group, Signal::KILL);
        (process.role, status.map_or_else(|error| error.to_string(), describe_exit_status))
    }

    pub(crate) fn signal(&self, role: ProcessRole, signal: Signal) {
        for process in self.running.iter().filter(|process| process.role == role) {
            send_signal(process.group, signal);
        }
    }

    pub(crate) fn signal_all(&self, signal: Signal) {
        for process in &self.running {
            send_signal(process.group, signal);
        }
    }

    pub(crate) fn is_running(&self, role: ProcessRole) -> bool {
        self.running.iter().any(|process| process.role == role)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    pub(crate) fn pids(&self) -> impl Iterator<Item = (ProcessRole, u32)> {
        self.running.iter().map(|process| (process.role, process.group.as_raw_nonzero().get().unsigned_abs()))
    }
}

impl Drop for Processes {
    /// Kills all processes of an emulator that is dropped without a shutdown.
    fn drop(&mut self) {
        self.signal_all(Signal::KILL);
    }
}

fn send_signal(group: Pid, signal: Signal) {
    // This fails only if the process group is gone, which is no problem for any signal.
    let _gone = kill_process_group(group, signal);
}

/// Describes an exit status as Go does, because Lambda logs it that way.
fn describe_exit_status(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => {
            let core = if status.core_dumped() { " (core dumped)" } else { "" };
            format!("signal: {}{core}", signal_name(signal))
        }
        (None, None) => "unknown state".to_owned(),
    }
}

fn signal_name(signal: i32) -> String {
    let names = [
        (Signal::HUP, "hangup"),
        (Signal::INT, "interrupt"),
        (Signal::QUIT, "quit"),
        (Signal::ILL, "illegal instruction"),
        (Signal::TRAP, "trace/breakpoint trap"),
        (Signal::ABORT, "aborted"),
        (Signal::BUS, "bus error"),
        (Signal::FPE, "floating point exception"),
        (Signal::KILL, "killed"),
        (Signal::SEGV, "segmentation fault"),
        (Signal::PIPE, "broken pipe"),
        (Signal::ALARM, "alarm clock"),
        (Signal::TERM, "terminated"),
    ];
    let name = names.iter().find_map(|(known, name)| (known.as_raw() == signal).then_some(*name));
    name.map_or_else(|| format!("signal {signal}"), str::to_owned)
}
