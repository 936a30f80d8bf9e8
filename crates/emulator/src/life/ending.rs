//! The shutdown phase: the runtime goes first, then the extensions are told, then whoever is left is killed.

use std::time::Duration;

use tokio::time::Instant;

use super::{Act, Life, Offer, Phase, Role, Runtime, Stand};

/// The whole phase with an external extension ("execution environment lifecycle").
const WITH_EXTENSIONS: Duration = Duration::from_secs(2);

/// The whole phase with internal extensions only.
const INTERNAL_ONLY: Duration = Duration::from_millis(500);

/// The runtime's share between SIGTERM and SIGKILL ("Runtime API": about 300 ms).
const RUNTIME_SHARE: Duration = Duration::from_millis(300);

/// After SIGKILL a process is gone in microseconds; one that hangs in the kernel is not waited for longer than this.
const AFTER_KILL: Duration = Duration::from_secs(2);

/// Why an environment's processes end; extensions are told in lower case, as the emulator and logged events have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Spindown,
    Timeout,
    Failure,
}

impl Reason {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Spindown => "spindown",
            Self::Timeout => "timeout",
            Self::Failure => "failure",
        }
    }
}

#[derive(Debug)]
pub(super) struct Ending {
    reason: Reason,
    emulator: Emulator,
    deadline: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Emulator {
    /// The runtime has until then.
    Runtime(Instant),
    /// The extensions have until the deadline.
    Extensions,
    /// Everybody has been killed; given up then.
    Killed(Instant),
}

impl Ending {
    pub(super) fn wake_at(&self) -> Instant {
        match self.emulator {
            Emulator::Runtime(until) | Emulator::Killed(until) => until,
            Emulator::Extensions => self.deadline,
        }
    }
}

impl Life {
    /// After a failure the runtime is killed; at a spin-down it gets SIGTERM, but only where an extension is registered.
    pub(super) fn start_ending(&mut self, reason: Reason, now: Instant) {
        let external = self.extensions.iter().any(|extension| extension.lives());
        let registered = self.extensions.iter().any(|extension| extension.id.is_some());
        let (whole, share) = match (external, registered) {
            (true, _) => (WITH_EXTENSIONS, RUNTIME_SHARE),
            (false, true) => (INTERNAL_ONLY, INTERNAL_ONLY),
            (false, false) => (Duration::ZERO, Duration::ZERO),
        };
        self.thaw();
        let emulator = Emulator::Runtime(now + share);
        self.phase = Phase::Ending(Ending { reason, emulator, deadline: now + whole });
        if !external && !registered {
            return self.kill_ending(now);
        }
        match reason {
            _ if self.runtime == Runtime::Absent => (),
            Reason::Spindown => self.acts.push(Act::Terminate(Role::Runtime)),
            Reason::Timeout | Reason::Failure => self.acts.push(Act::Kill(Role::Runtime)),
        }
        self.go_on_ending(now);
    }

    /// Ends everybody at once.
    pub(super) fn kill_ending(&mut self, now: Instant) {
        self.thaw();
        let reason = if let Phase::Ending(ending) = &self.phase { ending.reason } else { Reason::Spindown };
        self.phase = Phase::Ending(Ending { reason, emulator: Emulator::Killed(now + AFTER_KILL), deadline: now });
        self.acts.push(Act::KillAll);
        self.go_on_ending(now);
    }

    /// A process went: perhaps it is the extensions' turn, perhaps all is over.
    pub(super) fn go_on_ending(&mut self, now: Instant) {
        let Phase::Ending(ending) = &mut self.phase else { return };
        if self.runtime != Runtime::Absent {
            return;
        }
        if let Emulator::Runtime(_) = ending.emulator {
            ending.emulator = Emulator::Extensions;
            self.tell_extensions();
        }
        if !self.extensions.iter().any(|extension| extension.lives()) {
            self.finish_ending(now);
        }
    }

    fn tell_extensions(&mut self) {
        for index in 0..self.extensions.len() {
            let extension = &self.extensions[index];
            match extension.stand {
                _ if !extension.lives() => (),
                _ if !extension.takes("SHUTDOWN") => self.acts.push(Act::Kill(Role::Extension(index))),
                Stand::Waiting => self.tell_extension(index),
                // It hears of it when it calls `next`.
                Stand::Launched | Stand::Registered | Stand::Busy | Stand::Gone => (),
            }
        }
    }

    /// Hands SHUTDOWN to an extension that waits, once.
    pub(super) fn tell_extension(&mut self, index: usize) {
        let Phase::Ending(ending) = &self.phase else { return };
        let Some(extension) = self.extensions.get_mut(index) else { return };
        if ending.emulator == Emulator::Extensions && extension.takes("SHUTDOWN") && !extension.told {
            extension.told = true;
            let (reason, deadline) = (ending.reason, ending.deadline);
            self.acts.push(Act::HandShutdown { index, reason, deadline });
        }
    }

    /// A share of the time has passed.
    pub(super) fn press_on(&mut self, now: Instant) {
        let Phase::Ending(ending) = &mut self.phase else { return };
        match ending.emulator {
            Emulator::Runtime(_) if now < ending.deadline => {
                ending.emulator = Emulator::Runtime(ending.deadline);
                self.acts.push(Act::Kill(Role::Runtime));
            }
            Emulator::Runtime(_) | Emulator::Extensions => self.kill_ending(now),
            Emulator::Killed(_) => self.finish_ending(now),
        }
    }

    fn finish_ending(&mut self, now: Instant) {
        let Phase::Ending(ending) = &self.phase else { return };
        let reason = ending.reason;
        self.runtime = Runtime::Absent;
        self.extensions.clear();
        self.acts.push(Act::Emptied { reason });
        if self.leaving.is_some() && self.pending.is_none() {
            self.phase = Phase::Ended;
            return self.acts.push(Act::End);
        }
        self.phase = Phase::Empty;
        match self.pending.is_some() {
            true => self.start_init(now),
            false => self.acts.push(Act::Offer(Offer::Idle)),
        }
    }
}
