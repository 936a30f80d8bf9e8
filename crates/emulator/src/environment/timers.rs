//! The timers of an environment: injected faults, and the check of the memory limit.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::Instant;

use super::Environment;
use crate::lifecycle::ProcessRole;
use crate::telemetry_event::TelemetryEvent;

/// The action of an expired timer.
#[derive(Debug)]
pub(super) enum Timer {
    Signal { role: ProcessRole, signal: Signal },
    Publish(TelemetryEvent),
    CheckMemory,
}

impl Environment {
    pub(super) fn start_timer(&mut self, delay: Duration, timer: Timer) {
        self.timers.push((Instant::now() + delay, timer));
    }

    /// Returns when the next timer expires.
    pub(super) fn next_timer_at(&self) -> Option<Instant> {
        self.timers.iter().map(|(at, _)| *at).min()
    }

    pub(super) fn run_due_timers(&mut self) {
        let now = Instant::now();
        let due: Vec<_> = self.timers.extract_if(.., |(at, _)| *at <= now).collect();
        for (_, timer) in due {
            match timer {
                Timer::Signal { role, signal } => self.inject_signal(role, signal),
                Timer::Publish(event) => self.telemetry.publish(event),
                Timer::CheckMemory => self.check_memory(),
            }
        }
    }
}
