//! The reaper: a shell that outlives the emulator just long enough to kill its processes.
//!
//! An emulator that gets SIGKILL cannot clean up, and a frozen child would stay forever.
//! `PR_SET_PDEATHSIG` needs `unsafe` here, reacts to the death of a thread instead of the process,
//! and does not reach grandchildren. So a shell waits on a pipe that only the emulator holds. When
//! the pipe closes, for whatever reason, the shell kills every process that has the emulator's
//! marker among its environment variables.
//!
//! A child has the marker from its `exec` on. The shell searches a second time after a pause, for a
//! child that was between `fork` and `exec`, so no child can be missed.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::variables::MARKER;

/// Needs `/proc`, and so Linux. `$1` is `NAME=value`. A process of another user cannot be read; the
/// emulator did not start it.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
cat >/dev/null
reap() {
    for file in $(grep -lsF -e "$1" /proc/[0-9]*/environ); do
        process=${file#/proc/}
        kill -KILL "${process%/environ}" 2>/dev/null
    done
}
reap "$1"
sleep 0.1 2>/dev/null || sleep 1
reap "$1"
"#;

/// Holds the pipe. When it is dropped or its process dies, all processes of the emulator are
/// killed.
#[derive(Debug)]
pub(crate) struct Reaper {
    shell: Option<Child>,
    pipe: Option<ChildStdin>,
}

impl Reaper {
    /// Starts the shell in its own process group, so that Ctrl-C at a terminal does not reach it.
    pub(crate) fn start(marker: &str) -> io::Result<Self> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "lambda-emulator-reaper", &format!("{MARKER}={marker}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            .process_group(0)
            .spawn()?;
        let pipe = shell.stdin.take();
        Ok(Self { shell: Some(shell), pipe })
    }

    /// Kills the processes now and waits for the shell, which takes about 0.1 s.
    pub(crate) fn reap(mut self) -> io::Result<()> {
        drop(self.pipe.take());
        self.shell.take().map_or(Ok(()), |mut shell| shell.wait().map(drop))
    }
}

impl Drop for Reaper {
    /// Closes the pipe. A thread waits for the shell, only so that it does not stay a zombie.
    fn drop(&mut self) {
        if self.pipe.take().is_some()
            && let Some(mut shell) = self.shell.take()
        {
            std::thread::spawn(move || shell.wait());
        }
    }
}
