//! The memory use of processes, from `/proc`. Without `/proc` it is 0.

use std::fs;

/// Returns the peak resident set of a process in kB (`VmHWM`), or 0 when the process is gone.
pub(crate) fn peak_rss_kb(pid: u32) -> u64 {
    field(&status(pid), "VmHWM:")
}

/// Returns the anonymous and shared memory of a process and its descendants in kB.
pub(crate) fn allocated_kb_of_tree(pid: u32) -> u64 {
    let status = status(pid);
    let allocated = field(&status, "RssAnon:") + field(&status, "RssShmem:");
    allocated + children(pid).into_iter().map(allocated_kb_of_tree).sum::<u64>()
}

fn status(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default()
}

fn field(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()).and_then(|kb| kb.parse().ok()).unwrap_or(0)
}

/// Returns the children of a process. Each of its threads has a list of those that it started.
fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = threads.flatten().map(|thread| fs::read_to_string(thread.path().join("children")).unwrap_or_default());
    let lists: Vec<String> = lists.collect();
    lists.iter().flat_map(|list| list.split_whitespace()).filter_map(|pid| pid.parse().ok()).collect()
}
