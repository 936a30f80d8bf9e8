//! The processes of one environment: each leads a process group of its own, so that a signal reaches its children too.

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

use crate::life::Role;

/// A running process.
#[derive(Debug)]
struct Process {
    role: Role,
    child: Child,
    group: Pid,
}

/// All running processes of an environment.
#[derive(Debug, Default)]
pub(crate) struct Processes {
    running: Vec<Process>,
}

/// A process that has just been started.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) pid: u32,
    pub(crate) stdout: ChildStdout,
    pub(crate) stderr: ChildStderr,
}

impl Processes {
    /// Starts `program` in `folder` with these variables and no others.
    pub(crate) fn start(
        &mut self,
        role: Role,
        program: &Path,
        folder: &Path,
        variables: &BTreeMap<String, String>,
    ) -> io::Result<Started> {
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
        let pid = child.id().ok_or_else(|| io::Error::other("it ended at once"))?;
        let group = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or_else(|| io::Error::other("no process id"))?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(io::Error::other("no pipes"));
        };
        self.running.push(Process { role, child, group });
        Ok(Started { pid, stdout, stderr })
    }

    /// Waits for the next end of a process; for ever where none runs. Whatever it left in its group is killed.
    pub(crate) async fn exited(&mut self) -> (Role, String) {
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
        signal(process.group, Signal::KILL);
        (process.role, status.map_or_else(|error| error.to_string(), words))
    }

    pub(crate) fn signal(&self, role: Role, kind: Signal) {
        for process in self.running.iter().filter(|process| process.role == role) {
            signal(process.group, kind);
        }
    }

    pub(crate) fn signal_all(&self, kind: Signal) {
        for process in &self.running {
            signal(process.group, kind);
        }
    }

    pub(crate) fn pids(&self) -> impl Iterator<Item = (Role, u32)> {
        self.running.iter().map(|process| (process.role, process.group.as_raw_nonzero().get().unsigned_abs()))
    }
}

impl Drop for Processes {
    /// An emulator that is dropped without a shutdown leaves nothing behind.
    fn drop(&mut self) {
        self.signal_all(Signal::KILL);
    }
}

/// The one way in which this fails is that the group is gone already, which is what was wanted.
fn signal(group: Pid, kind: Signal) {
    let _gone = kill_process_group(group, kind);
}

/// As Go prints a process state, which is what Lambda logs.
fn words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => {
            let core = if status.core_dumped() { " (core dumped)" } else { "" };
            format!("signal: {}{core}", signal_words(signal))
        }
        (None, None) => "unknown state".to_owned(),
    }
}

fn signal_words(signal: i32) -> String {
    let named = [
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
    let word = named.iter().find_map(|(known, word)| (known.as_raw() == signal).then_some(*word));
    word.map_or_else(|| format!("signal {signal}"), str::to_owned)
}
