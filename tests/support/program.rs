//! A program that is not ours, as a child of a test: what it says, line by line, and how it ends.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::watch;

/// Far longer than anything here takes; a test that waits as long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Program {
    child: Child,
    said: watch::Receiver<Vec<String>>,
}

/// The path that a variable names.
#[expect(clippy::disallowed_methods, reason = "the path of a binary that is not in this repository")]
pub(crate) fn named_by(variable: &str) -> PathBuf {
    let path = std::env::var(variable).unwrap_or_else(|_| {
        panic!(
            "{variable} names no program: it is set by the make target that runs this test (witness, built, watched)"
        )
    });
    PathBuf::from(path)
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (say, said) = watch::channel(Vec::new());
        let say = Arc::new(say);
        follow(child.stdout.take().expect("piped"), Arc::clone(&say));
        follow(child.stderr.take().expect("piped"), say);
        Self { child, said }
    }

    /// Waits until `pick` makes something of all the lines so far.
    pub(crate) async fn hear<T>(&mut self, what: &str, mut pick: impl FnMut(&[String]) -> Option<T>) -> T {
        let mut found = None;
        let enough = self.said.wait_for(|lines| {
            found = pick(lines);
            found.is_some()
        });
        let heard = matches!(tokio::time::timeout(PATIENCE, enough).await, Ok(Ok(_)));
        match found {
            Some(found) if heard => found,
            _ => panic!("no {what} came; it said:\n{}", self.so_far()),
        }
    }

    /// All that it has said, for a test that fails.
    pub(crate) fn so_far(&self) -> String {
        self.said.borrow().join("\n")
    }

    pub(crate) async fn hear_line(&mut self, part: &str) -> String {
        self.hear(part, |lines| lines.iter().find(|line| line.contains(part)).cloned()).await
    }

    /// Asks it to end, and waits until it has and nobody is left who writes where it wrote. What it said, and how long that took.
    pub(crate) async fn end(mut self) -> (Vec<String>, Duration) {
        let asked = Instant::now();
        self.terminate();
        let silence = async { while self.said.changed().await.is_ok() {} };
        let is_silent = tokio::time::timeout(PATIENCE, silence).await.is_ok();
        let lines = self.said.borrow().clone();
        assert!(is_silent, "it does not end; it said:\n{}", lines.join("\n"));
        (lines, asked.elapsed())
    }

    fn terminate(&self) {
        let pid = Pid::from_child(&self.child);
        // It may have ended by itself; as long as nobody has waited for it, its id is nobody else's.
        let _ = kill_process(pid, Signal::TERM);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Not killed: it has children of its own to end.
        self.terminate();
        self.child.wait().expect("it is ours");
    }
}

fn follow(stream: impl Read + Send + 'static, say: Arc<watch::Sender<Vec<String>>>) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            say.send_modify(|lines| lines.push(String::from_utf8_lossy(&line).into_owned()));
        }
    });
}
