//! What is done at a moment of its own: faults that a test has ordered, and the watch over memory.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::Instant;

use super::Environment;
use crate::faults::{KillTarget, KillTrigger, RuntimeDoneFault};
use crate::life::{Event, Role};
use crate::memory;
use crate::telemetry::Item;

/// How often memory is looked at while processes run. A process that allocates 4 GB/s overshoots by 100 MB in between; looking
/// costs some tens of microseconds.
const MEMORY_INTERVAL: Duration = Duration::from_millis(25);

/// Something to be done later.
#[derive(Debug)]
pub(super) enum Deed {
    Signal { role: Role, kind: Signal },
    Publish(Item),
    LookAtMemory,
}

impl Environment {
    pub(super) fn plan_deed(&mut self, after: Duration, deed: Deed) {
        self.deeds.push((Instant::now() + after, deed));
    }

    pub(super) fn next_deed_at(&self) -> Option<Instant> {
        self.deeds.iter().map(|(at, _)| *at).min()
    }

    pub(super) fn do_due_deeds(&mut self) {
        let now = Instant::now();
        let due: Vec<_> = self.deeds.extract_if(.., |(at, _)| *at <= now).collect();
        for (_, deed) in due {
            match deed {
                Deed::Signal { role, kind } => self.disturb(role, kind),
                Deed::Publish(item) => self.telemetry.publish(item),
                Deed::LookAtMemory => self.look_at_memory(),
            }
        }
    }

    /// A frozen environment stays frozen: a stop that a fault ordered ends with the next thaw at the latest.
    fn disturb(&mut self, role: Role, kind: Signal) {
        if kind == Signal::KILL || !self.frozen {
            self.processes.signal(role, kind);
        }
    }

    /// Orders the kills that count from this moment.
    pub(super) fn plan_kills(&mut self, moment: KillTrigger) {
        for whom in [KillTarget::Runtime, KillTarget::Extensions] {
            self.plan_kills_of(whom, moment);
        }
    }

    pub(super) fn plan_kills_of(&mut self, whom: KillTarget, moment: KillTrigger) {
        for kill in self.plan.faults.take_kills(whom, moment) {
            for role in self.roles(whom) {
                self.plan_deed(kill.delay, Deed::Signal { role, kind: Signal::KILL });
            }
        }
    }

    pub(super) fn plan_freeze(&mut self) {
        let Some(freeze) = self.plan.faults.now().freeze else { return };
        for role in self.roles(KillTarget::Extensions) {
            self.plan_deed(freeze.delay, Deed::Signal { role, kind: Signal::STOP });
            self.plan_deed(freeze.delay + freeze.duration, Deed::Signal { role, kind: Signal::CONT });
        }
    }

    /// `platform.runtimeDone` on its way to subscribers, as the faults have it.
    pub(super) fn publish_runtime_done(&mut self, item: Item) {
        match self.plan.faults.now().runtime_done {
            RuntimeDoneFault::OnTime => self.telemetry.publish(item),
            RuntimeDoneFault::Delayed(by) => self.plan_deed(by, Deed::Publish(item)),
            RuntimeDoneFault::Missing => (),
        }
    }

    fn roles(&self, whom: KillTarget) -> Vec<Role> {
        let meant = |role: &Role| {
            matches!((whom, role), (KillTarget::Runtime, Role::Runtime) | (KillTarget::Extensions, Role::Extension(_)))
        };
        self.processes.pids().map(|(role, _)| role).filter(meant).collect()
    }

    /// From the first process on, until the last one is gone.
    pub(super) fn watch_memory(&mut self) {
        let watched = self.deeds.iter().any(|(_, deed)| matches!(deed, Deed::LookAtMemory));
        if self.plan.emulator.enforce_memory && !watched && !self.frozen {
            self.plan_deed(MEMORY_INTERVAL, Deed::LookAtMemory);
        }
    }

    /// Anonymous and shared memory of all processes and their children is one pool, as on Lambda. Pages of program files do not
    /// count here: a debug build maps far more of them than what is deployed.
    fn look_at_memory(&mut self) {
        let uses: Vec<(Role, u64)> =
            self.processes.pids().map(|(role, pid)| (role, memory::own_kb_of_tree(pid))).collect();
        let sum: u64 = uses.iter().map(|(_, kb)| kb).sum();
        if sum <= u64::from(self.plan.function.memory_mb) * 1024 {
            if !uses.is_empty() {
                self.watch_memory();
            }
            return;
        }
        self.max_memory_mb = self.plan.function.memory_mb.into();
        let everybody = self.plan.faults.now().out_of_memory_kills_extensions;
        match uses.iter().max_by_key(|(_, kb)| *kb) {
            Some((role @ Role::Extension(_), _)) if !everybody => self.processes.signal(*role, Signal::KILL),
            _ => {
                if everybody {
                    self.processes.signal_all(Signal::KILL);
                }
                self.follow_ups.push_back(Event::OutOfMemory);
            }
        }
    }
}
