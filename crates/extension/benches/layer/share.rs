//! A part of a core, as Lambda assigns it: a CPU quota of the kernel for function and extension
//! together.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::process::Process;

/// Lambda assigns one core at 1,769 MB, and less in proportion (AWS, "Configure Lambda function
/// memory").
pub(crate) const OF_256_MB: f64 = 256.0 / 1769.0;
/// The period of the quota. Lambda's own is not documented; 20 ms is commonly observed from inside.
const PERIOD_US: u64 = 20_000;

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// A control group; its processes end before it does.
pub(crate) struct Share {
    folder: PathBuf,
}

impl Share {
    /// Creates a control group with these processes.
    ///
    /// # Errors
    /// If this user may not create a control group.
    pub(crate) fn of(quota: f64, processes: [Option<&Process>; 2]) -> io::Result<Self> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("crudder-bench-{}-{number}", std::process::id());
        let runs_us = (quota * PERIOD_US as f64) as u64;
        let (first, second) = (Path::new("/sys/fs/cgroup/cpu"), Path::new("/sys/fs/cgroup"));
        let share = if first.is_dir() {
            let share = Self::make(first.join(name))?;
            share.set("cpu.cfs_period_us", &PERIOD_US.to_string())?;
            share.set("cpu.cfs_quota_us", &runs_us.to_string())?;
            share
        } else {
            let share = Self::make(second.join(name))?;
            share.set("cpu.max", &format!("{runs_us} {PERIOD_US}"))?;
            share
        };
        for process in processes.into_iter().flatten() {
            share.set("cgroup.procs", &process.id().to_string())?;
        }
        Ok(share)
    }

    fn make(folder: PathBuf) -> io::Result<Self> {
        std::fs::create_dir(&folder)?;
        Ok(Self { folder })
    }

    fn set(&self, file: &str, value: &str) -> io::Result<()> {
        std::fs::write(self.folder.join(file), value)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        // Only an empty group can be removed; one with a running process stays until the machine
        // restarts.
        let _ = std::fs::remove_dir(&self.folder);
    }
}
