//! Processes that a dead function left behind in a process group of their own: on Lambda they would end with the rest.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// Kills every process that has `NAME=value` among its variables. It takes some milliseconds, and nothing where there is no
/// `/proc`.
pub(crate) fn kill(variable: &str) {
    for pid in marked(variable) {
        // It may have ended meanwhile.
        let _gone = kill_process(pid, Signal::KILL);
    }
}

fn marked(variable: &str) -> Vec<Pid> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let marked = processes.flatten().filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok().and_then(Pid::from_raw)?;
        // Another user's process can't be read, and is not ours.
        let variables = fs::read(entry.path().join("environ")).ok()?;
        variables.split(|byte| *byte == 0).any(|own| own == variable.as_bytes()).then_some(pid)
    });
    marked.collect()
}
