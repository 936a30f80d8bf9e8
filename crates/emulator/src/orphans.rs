//! Kills the orphans of an environment: descendants that left their process group and outlived it.
//!
//! On Lambda they would end with the environment.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// Kills every process that has `NAME=value` among its environment variables. This takes some
/// milliseconds. Without `/proc` it does nothing.
pub(crate) fn kill(variable: &str) {
    for pid in find(variable) {
        // It may have exited in the meantime.
        let _gone = kill_process(pid, Signal::KILL);
    }
}

fn find(variable: &str) -> Vec<Pid> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let found = processes.flatten().filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok().and_then(Pid::from_raw)?;
        // This fails for a process of another user, which the emulator did not start.
        let variables = fs::read(entry.path().join("environ")).ok()?;
        variables.split(|byte| *byte == 0).any(|found| found == variable.as_bytes()).then_some(pid)
    });
    found.collect()
}
