//! Injects the faults that a test has set.
//!
//! They are kills, freezes, and a late or missing `platform.runtimeDone`.

use rustix::process::Signal;

use super::Environment;
use super::timers::Timer;
use crate::faults::{KillTarget, KillTrigger, RuntimeDoneFault};
use crate::lifecycle::ProcessRole;
use crate::telemetry_event::TelemetryEvent;

impl Environment {
    /// Starts the timers of the kills that this event triggers.
    pub(super) fn schedule_kills(&mut self, trigger: KillTrigger) {
        for target in [KillTarget::Runtime, KillTarget::Extensions] {
            self.schedule_kills_of(target, trigger);
        }
    }

    pub(super) fn schedule_kills_of(&mut self, target: KillTarget, trigger: KillTrigger) {
        for kill in self.context.faults.take_kills(target, trigger) {
            for role in self.roles(target) {
                self.start_timer(kill.delay, Timer::Signal { role, signal: Signal::KILL });
            }
        }
    }

    pub(super) fn schedule_freeze(&mut self) {
        let Some(freeze) = self.context.faults.get().freeze else { return };
        for role in self.roles(KillTarget::Extensions) {
            self.start_timer(freeze.delay, Timer::Signal { role, signal: Signal::STOP });
            self.start_timer(freeze.delay + freeze.duration, Timer::Signal { role, signal: Signal::CONT });
        }
    }

    /// Sends a signal of a fault. A frozen environment gets SIGKILL only: SIGCONT would thaw it,
    /// and a stop ends with the next thaw at the latest.
    pub(super) fn inject_signal(&mut self, role: ProcessRole, signal: Signal) {
        if signal == Signal::KILL || !self.frozen {
            self.processes.signal(role, signal);
        }
    }

    /// Publishes `platform.runtimeDone` on time, late, or not at all.
    pub(super) fn publish_runtime_done(&mut self, event: TelemetryEvent) {
        match self.context.faults.get().runtime_done {
            RuntimeDoneFault::OnTime => self.telemetry.publish(event),
            RuntimeDoneFault::Delayed(delay) => self.start_timer(delay, Timer::Publish(event)),
            RuntimeDoneFault::Missing => (),
        }
    }

    fn roles(&self, target: KillTarget) -> Vec<ProcessRole> {
        let is_target = |role: &ProcessRole| match target {
            KillTarget::Runtime => matches!(role, ProcessRole::Runtime),
            KillTarget::Extensions => matches!(role, ProcessRole::Extension(_)),
        };
        self.processes.pids().map(|(role, _)| role).filter(is_target).collect()
    }
}
