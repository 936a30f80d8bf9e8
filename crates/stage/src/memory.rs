//! How much memory a process has, from `/proc`; nothing where there is none.

/// The highest resident set of a process in kB (`VmHWM`), 0 when it is gone.
pub(crate) fn high_water_kb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()).and_then(|kb| kb.parse().ok()).unwrap_or(0)
}
