//! A program as a child process of a test: its output, line by line, and its end.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::TIMEOUT;

/// A running program. Dropping it sends SIGTERM and waits for its exit.
#[derive(Debug)]
pub struct Program {
    child: Child,
    output: watch::Receiver<Vec<String>>,
}

/// Returns the path of a program that is not in this repository, from an environment variable.
///
/// # Panics
/// Panics if the variable is not set.
#[expect(clippy::disallowed_methods, reason = "the path of a program that is not in this repository")]
pub fn path_from_variable(variable: &str) -> PathBuf {
    match std::env::var_os(variable) {
        Some(path) => path.into(),
        None => panic!("{variable} is not set: run the make target of this test, which sets it to a program's path"),
    }
}

impl Program {
    /// Starts `command` and collects the lines of its standard output and standard error.
    ///
    /// # Panics
    /// Panics if the program cannot be started.
    pub fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("failed to start {command:?}: {error}"));
        let (lines, output) = watch::channel(Vec::new());
        let lines = Arc::new(lines);
        collect(child.stdout.take().expect("a pipe"), Arc::clone(&lines));
        collect(child.stderr.take().expect("a pipe"), lines);
        Self { child, output }
    }

    /// Waits until `pick` returns a value for the lines so far.
    ///
    /// # Panics
    /// Panics with the output if that takes longer than [`TIMEOUT`] or the output ends first.
    pub async fn wait_for<T>(&mut self, what: &str, mut pick: impl FnMut(&[String]) -> Option<T>) -> T {
        let mut found = None;
        let matched = self.output.wait_for(|lines| {
            found = pick(lines);
            found.is_some()
        });
        let is_in_time = matches!(timeout(TIMEOUT, matched).await, Ok(Ok(_)));
        match found {
            Some(found) if is_in_time => found,
            _ => panic!("the program printed no {what}; its output:\n{}", self.output()),
        }
    }

    /// Waits for the first line that contains `part`, and returns it.
    ///
    /// # Panics
    /// As [`Program::wait_for`].
    pub async fn wait_for_line(&mut self, part: &str) -> String {
        let what = format!("line with {part:?}");
        self.wait_for(&what, |lines| lines.iter().find(|line| line.contains(part)).cloned()).await
    }

    /// Returns the output so far, for the message of a failed assertion.
    pub fn output(&self) -> String {
        self.output.borrow().join("\n")
    }

    /// Sends SIGTERM and waits until no process holds the output's pipes any more. Returns the
    /// lines and how long that took.
    ///
    /// # Panics
    /// Panics with the output if that takes longer than [`TIMEOUT`].
    pub async fn stop(mut self) -> (Vec<String>, Duration) {
        let begin = Instant::now();
        self.terminate();
        let closed = async { while self.output.changed().await.is_ok() {} };
        let is_closed = timeout(TIMEOUT, closed).await.is_ok();
        let lines = self.output.borrow().clone();
        assert!(is_closed, "the program does not exit; its output:\n{}", lines.join("\n"));
        (lines, begin.elapsed())
    }

    fn terminate(&self) {
        // This fails if the program has exited. Its id cannot belong to another process yet,
        // because the child has not been waited for.
        let _exited = kill_process(Pid::from_child(&self.child), Signal::TERM);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Not SIGKILL: the program may have children that it must end.
        self.terminate();
        self.child.wait().expect("a child of this process");
    }
}

fn collect(stream: impl Read + Send + 'static, lines: Arc<watch::Sender<Vec<String>>>) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            lines.send_modify(|lines| lines.push(String::from_utf8_lossy(&line).into_owned()));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn both_streams_are_collected_and_a_stopped_program_has_exited() {
        let script = "trap 'echo bye; exit' TERM; echo out; echo err >&2; while :; do sleep 0.01; done";
        let mut program = Program::start(Command::new("/bin/sh").args(["-c", script]));
        assert_eq!(program.wait_for_line("out").await, "out");
        assert_eq!(program.wait_for_line("err").await, "err");
        assert_eq!(program.stop().await.0.last().map(String::as_str), Some("bye"));
    }
}
