//! A process that outlives the emulator just long enough to end what the emulator started.
//!
//! An emulator that is killed with SIGKILL can clean nothing up, and a frozen child would stay for ever. `PR_SET_PDEATHSIG` needs
//! `unsafe` here, dies with a thread instead of the process, and does not reach grandchildren. So a shell waits on a pipe that
//! only the emulator holds: when the pipe closes, for whatever reason, it kills every process that carries the emulator's marker in
//! its environment. A child is marked from its `exec` on, so there is no moment in which it could be missed for good: the shell
//! looks again after a pause, for one that was between `fork` and `exec`.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::variables::MARKER;

/// Linux only, as is `/proc`. `$1` is `NAME=value`; a process of another user can't be read and is not ours.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
cat >/dev/null
sweep() {
    for file in $(grep -lsF -e "$1" /proc/[0-9]*/environ); do
        process=${file#/proc/}
        kill -KILL "${process%/environ}" 2>/dev/null
    done
}
sweep "$1"
sleep 0.1 2>/dev/null || sleep 1
sweep "$1"
"#;

/// Holds the pipe. Dropping it, or dying with it, ends every process of the emulator.
#[derive(Debug)]
pub(crate) struct Warden {
    shell: Option<Child>,
    pipe: Option<ChildStdin>,
}

impl Warden {
    /// Starts the shell in a process group of its own, so that Ctrl-C at a terminal does not reach it.
    pub(crate) fn start(marker: &str) -> io::Result<Self> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "crudder-warden", &format!("{MARKER}={marker}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            .process_group(0)
            .spawn()?;
        let pipe = shell.stdin.take();
        Ok(Self { shell: Some(shell), pipe })
    }

    /// Sweeps now and waits until it is done, a tenth of a second or so.
    pub(crate) fn sweep(mut self) -> io::Result<()> {
        drop(self.pipe.take());
        self.shell.take().map_or(Ok(()), |mut shell| shell.wait().map(drop))
    }
}

impl Drop for Warden {
    /// The shell is waited for elsewhere, only so that the process table stays clean.
    fn drop(&mut self) {
        if self.pipe.take().is_some()
            && let Some(mut shell) = self.shell.take()
        {
            std::thread::spawn(move || shell.wait());
        }
    }
}
