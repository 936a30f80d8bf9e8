//! The life of an environment as a pure state machine: what happened goes in, what is to be done comes out.
//!
//! No process, socket or clock is touched here. The loop in `environment.rs` names what happened, asks [`Life::step`] and does
//! what it says, so that every order of events can be tested with plain values.

mod acts;
mod calls;
mod ending;
mod init;
mod of_extension;
pub(crate) mod of_runtime;
mod serving;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tokio::time::Instant;

use crate::outcome::FailureKind;
use crate::platform::Platform;

pub(crate) use self::acts::{Act, Event, Fatal, Leave, Offer, Role};
pub(crate) use self::calls::{Call, Refusal, Reply};
use self::ending::Ending;
pub(crate) use self::ending::Reason;
use self::init::Init;
use self::serving::Serving;

/// What this life must keep to.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) timeout: Duration,
    pub(crate) init_limit: Duration,
    /// File names of the external extensions.
    pub(crate) extensions: Vec<String>,
    /// Lambda Managed Instances take only SHUTDOWN.
    pub(crate) refuse_invoke: bool,
}

/// What the runtime does, in AWS's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Runtime {
    /// Not started, or gone.
    Absent,
    Started,
    Ready,
    Running,
    ResponseSent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    Launched,
    Registered,
    Waiting,
    Busy,
    Gone,
}

#[derive(Debug)]
struct Extension {
    name: String,
    external: bool,
    id: Option<String>,
    events: Vec<String>,
    stand: Stand,
    /// The error type it reported before it exits, and whether that was during init.
    reported: Option<&'static str>,
    /// Whether it has been told of the shutdown.
    told: bool,
}

impl Extension {
    fn takes(&self, event: &str) -> bool {
        self.events.iter().any(|own| own == event)
    }

    fn lives(&self) -> bool {
        self.external && self.stand != Stand::Gone
    }
}

#[derive(Debug)]
enum Phase {
    Empty,
    Init(Init),
    Idle,
    Serving(Serving),
    Ending(Ending),
    Ended,
}

/// One environment: which of its processes does what.
#[derive(Debug)]
pub(crate) struct Life {
    terms: Terms,
    phase: Phase,
    /// Whether processes were ever started here: a later start is a suppressed init.
    started_before: bool,
    runtime: Runtime,
    extensions: Vec<Extension>,
    pending: Option<String>,
    frozen: bool,
    leaving: Option<Leave>,
    acts: Vec<Act>,
}

impl Life {
    pub(crate) fn new(terms: Terms) -> Self {
        Self {
            terms,
            phase: Phase::Empty,
            started_before: false,
            runtime: Runtime::Absent,
            extensions: Vec::new(),
            pending: None,
            frozen: false,
            leaving: None,
            acts: Vec::new(),
        }
    }

    /// Says what is to be done about `event`.
    #[must_use]
    pub(crate) fn step(&mut self, event: Event, now: Instant) -> Vec<Act> {
        match event {
            Event::Invoke { request_id } => self.invoke(request_id, now),
            Event::Called(call) => self.called(call, now),
            Event::Exited { role, words } => self.exited(role, &words, now),
            Event::NotStarted { role, words } => self.not_started(role, &words, now),
            Event::OutOfMemory => self.out_of_memory(now),
            Event::TimeUp => self.time_up(now),
            Event::Leave(leave) => self.leave(leave, now),
        }
        std::mem::take(&mut self.acts)
    }

    /// When [`Event::TimeUp`] is due.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Init(init) => Some(init.limit),
            Phase::Serving(serving) => Some(serving.deadline),
            Phase::Ending(ending) => Some(ending.wake_at()),
            Phase::Empty | Phase::Idle | Phase::Ended => None,
        }
    }

    /// Changes what the next start keeps to.
    pub(crate) fn terms_mut(&mut self) -> &mut Terms {
        &mut self.terms
    }

    fn invoke(&mut self, request_id: String, now: Instant) {
        self.pending = Some(request_id);
        match self.phase {
            _ if matches!(self.leaving, Some(Leave::Now | Leave::Killed)) => self.turn_away(now),
            Phase::Empty => self.start_init(now),
            Phase::Idle => {
                self.thaw();
                self.begin(now, now, None);
            }
            Phase::Init(_) | Phase::Serving(_) | Phase::Ending(_) | Phase::Ended => (),
        }
    }

    fn exited(&mut self, role: Role, words: &str, now: Instant) {
        let fatal = self.fatal_of(role, words);
        self.bury(role);
        self.fail(fatal, now);
        if matches!(self.phase, Phase::Ending(_)) {
            self.go_on_ending(now);
        }
    }

    fn not_started(&mut self, role: Role, words: &str, now: Instant) {
        let error_type = match role {
            Role::Runtime => "Runtime.InvalidEntrypoint",
            Role::Extension(_) => "Extension.LaunchError",
        };
        self.bury(role);
        self.fail(Fatal::new(FailureKind::Init, error_type, words), now);
        if matches!(self.phase, Phase::Ending(_)) {
            self.go_on_ending(now);
        }
    }

    fn out_of_memory(&mut self, now: Instant) {
        let message = "Runtime exited with error: signal: killed";
        self.fail(Fatal::new(FailureKind::OutOfMemory, "Runtime.OutOfMemory", message), now);
    }

    fn time_up(&mut self, now: Instant) {
        match &self.phase {
            Phase::Init(_) | Phase::Serving(_) => self.fail(Fatal::timeout(self.terms.timeout), now),
            Phase::Ending(_) => self.press_on(now),
            Phase::Empty | Phase::Idle | Phase::Ended => (),
        }
    }

    /// Something happened that this phase does not survive.
    fn fail(&mut self, fatal: Fatal, now: Instant) {
        match &self.phase {
            Phase::Init(_) => self.fail_init(fatal, now),
            Phase::Serving(_) => self.fail_serving(fatal, now),
            Phase::Idle => {
                self.acts.push(Act::Complain(fatal));
                self.acts.push(Act::Offer(Offer::Resetting));
                self.start_ending(Reason::Failure, now);
            }
            Phase::Empty | Phase::Ending(_) | Phase::Ended => (),
        }
    }

    fn fatal_of(&self, role: Role, words: &str) -> Fatal {
        match role {
            Role::Runtime if words == "exit status 0" => {
                Fatal::new(FailureKind::Exit, "Runtime.ExitError", "Runtime exited without providing a reason")
            }
            Role::Runtime => {
                let message = format!("Runtime exited with error: {words}");
                Fatal::new(FailureKind::Exit, "Runtime.ExitError", message)
            }
            Role::Extension(index) => {
                let reported = self.extensions.get(index).and_then(|extension| extension.reported);
                let words = words.replace("exit status", "exit code");
                Fatal::new(FailureKind::Exit, reported.unwrap_or("Extension.Crash"), words)
            }
        }
    }

    fn bury(&mut self, role: Role) {
        match role {
            Role::Runtime => self.runtime = Runtime::Absent,
            Role::Extension(index) => {
                if let Some(extension) = self.extensions.get_mut(index) {
                    extension.stand = Stand::Gone;
                }
            }
        }
    }

    fn freeze(&mut self) {
        self.frozen = true;
        self.acts.push(Act::Freeze);
    }

    fn thaw(&mut self) {
        if std::mem::take(&mut self.frozen) {
            self.acts.push(Act::Thaw);
        }
    }

    fn say(&mut self, platform: Platform) {
        self.acts.push(Act::Platform(platform));
    }
}
