//! Processes of this machine: their state in `/proc`, and SIGKILL.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

use crate::wait::wait_until;

/// Returns the state of a process as its letter in `/proc/PID/stat`, or `None` when it is gone.
///
/// The letters are in proc_pid_stat(5): `R` runs, `S` sleeps, `T` is stopped, `Z` is a zombie.
pub fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it may hold spaces and parentheses, so the last `)` ends it.
    stat.rsplit_once(") ")?.1.chars().next()
}

/// Waits until a process has exited. A zombie counts as exited.
///
/// # Panics
/// Panics if the process still runs after [`crate::TIMEOUT`].
pub async fn wait_until_exited(pid: u32) {
    let has_exited = || state(pid).is_none_or(|state| state == 'Z');
    wait_until(&format!("process {pid} to exit"), has_exited).await;
}

/// Waits until a process is in the state `wanted`. A signal takes effect a moment after it is sent.
///
/// # Panics
/// Panics if the process is not in that state after [`crate::TIMEOUT`].
pub async fn wait_for_state(pid: u32, wanted: char) {
    wait_until(&format!("process {pid} to be in state {wanted}"), || state(pid) == Some(wanted)).await;
}

/// Sends SIGKILL to a process.
///
/// # Panics
/// Panics if no process has this id.
pub fn kill(pid: u32) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a process id");
    kill_process(pid, Signal::KILL).expect("a running process");
}
