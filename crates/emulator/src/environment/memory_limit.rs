//! Kills processes that use more memory than the function has.

use std::time::Duration;

use rustix::process::Signal;

use super::Environment;
use super::timers::Timer;
use crate::lifecycle::{Event, ProcessRole};
use crate::memory;

/// The time between two checks while processes run. A process that allocates 4 GB/s exceeds the
/// limit by 100 MB in this time. One check takes some tens of microseconds.
const CHECK_INTERVAL: Duration = Duration::from_millis(25);

impl Environment {
    /// Starts the checks, unless they run already. They end with the last process.
    pub(super) fn watch_memory(&mut self) {
        let is_watched = self.timers.iter().any(|(_, timer)| matches!(timer, Timer::CheckMemory));
        if self.context.emulator.enforce_memory && !is_watched && !self.frozen {
            self.start_timer(CHECK_INTERVAL, Timer::CheckMemory);
        }
    }

    /// Compares the memory of all processes and their children with the limit, as Lambda does. Only
    /// anonymous and shared memory counts. Pages of program files do not: a debug build maps far
    /// more of them than a deployed program.
    ///
    /// An extension that uses the most memory is killed alone. Otherwise the lifecycle resets the
    /// environment.
    pub(super) fn check_memory(&mut self) {
        let uses: Vec<(ProcessRole, u64)> =
            self.processes.pids().map(|(role, pid)| (role, memory::allocated_kb_of_tree(pid))).collect();
        let sum_kb: u64 = uses.iter().map(|(_, kb)| kb).sum();
        if sum_kb <= u64::from(self.context.function.memory_mb) * 1024 {
            if !uses.is_empty() {
                self.watch_memory();
            }
            return;
        }
        self.max_memory_mb = self.context.function.memory_mb.into();
        let kills_all = self.context.faults.get().out_of_memory_kills_extensions;
        match uses.iter().max_by_key(|(_, kb)| *kb) {
            Some((role @ ProcessRole::Extension(_), _)) if !kills_all => self.processes.signal(*role, Signal::KILL),
            _ => {
                if kills_all {
                    self.processes.signal_all(Signal::KILL);
                }
                self.follow_ups.push_back(Event::OutOfMemory);
            }
        }
    }
}
