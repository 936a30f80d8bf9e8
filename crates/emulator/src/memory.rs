//! How much memory a process has, from `/proc`; nothing where there is none.

use std::fs;

/// The highest resident set of a process in kB (`VmHWM`), 0 when it is gone.
pub(crate) fn high_water_kb(pid: u32) -> u64 {
    field(&status(pid), "VmHWM:")
}

/// Anonymous and shared memory of a process and its descendants now, in kB.
pub(crate) fn own_kb_of_tree(pid: u32) -> u64 {
    let status = status(pid);
    let own = field(&status, "RssAnon:") + field(&status, "RssShmem:");
    own + children(pid).into_iter().map(own_kb_of_tree).sum::<u64>()
}

fn status(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default()
}

fn field(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()).and_then(|kb| kb.parse().ok()).unwrap_or(0)
}

/// Each thread has a list of the children that it started.
fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = threads.flatten().map(|thread| fs::read_to_string(thread.path().join("children")).unwrap_or_default());
    let lists: Vec<String> = lists.collect();
    lists.iter().flat_map(|list| list.split_whitespace()).filter_map(|pid| pid.parse().ok()).collect()
}
