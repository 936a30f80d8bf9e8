//! The init phase: extensions come up, then the runtime, then all call `next`.

use tokio::time::Instant;

use super::{Act, Extension, Fatal, Life, Offer, Phase, Reason, Runtime, Stand};
use crate::outcome::FailureKind;
use crate::platform::{InitPhase, Platform, Status, Verdict};

#[derive(Debug)]
pub(super) struct Init {
    pub(super) phase: InitPhase,
    pub(super) started: Instant,
    pub(super) limit: Instant,
}

impl Life {
    /// The first start has a limit of its own; a later one happens inside the invocation and its timeout.
    pub(super) fn start_init(&mut self, now: Instant) {
        let (phase, limit) = match self.started_before {
            false => (InitPhase::Init, self.terms.init_limit),
            true => (InitPhase::Invoke, self.terms.timeout),
        };
        self.started_before = true;
        self.phase = Phase::Init(Init { phase, started: now, limit: now + limit });
        self.extensions = self.terms.extensions.iter().map(|name| Extension::external(name)).collect();
        self.say(Platform::InitStart { phase });
        self.acts.extend((0..self.extensions.len()).map(|index| Act::StartExtension { index }));
        self.start_runtime_when_registered();
    }

    pub(super) fn start_runtime_when_registered(&mut self) {
        let all = self.extensions.iter().all(|extension| extension.stand != Stand::Launched);
        if all && self.runtime == Runtime::Absent && matches!(self.phase, Phase::Init(_)) {
            self.runtime = Runtime::Started;
            self.acts.push(Act::StartRuntime);
        }
    }

    pub(super) fn runtime_came_up(&mut self) {
        if let Phase::Init(init) = &self.phase {
            let phase = init.phase;
            self.say(Platform::InitRuntimeDone { phase, verdict: Verdict::success() });
        }
    }

    pub(super) fn finish_init_when_ready(&mut self, now: Instant) {
        let Phase::Init(init) = &self.phase else { return };
        let waiting = self.extensions.iter().all(|extension| extension.stand == Stand::Waiting);
        if !waiting || self.runtime != Runtime::Ready {
            return;
        }
        let (phase, started) = (init.phase, init.started);
        self.report_extensions(None);
        let duration = now - started;
        self.say(Platform::InitReport { phase, verdict: Verdict::success(), duration });
        match phase {
            InitPhase::Init => self.begin(now, now, Some(duration)),
            InitPhase::Invoke => self.begin(started, now, None),
        }
    }

    /// A failed first start is repeated inside the invocation; a failed second one is the invocation's failure.
    pub(super) fn fail_init(&mut self, fatal: Fatal, now: Instant) {
        let Phase::Init(init) = &self.phase else { return };
        let (phase, started) = (init.phase, init.started);
        let mut verdict = fatal.verdict();
        if self.runtime != Runtime::Ready {
            self.say(Platform::InitRuntimeDone { phase, verdict: as_init(&mut verdict) });
        }
        self.report_extensions(fatal.error_type.starts_with("Extension.").then_some(&fatal.error_type));
        self.say(Platform::InitReport { phase, verdict: as_init(&mut verdict), duration: now - started });
        match phase {
            // INIT_REPORT says it all: nobody's invocation has failed yet.
            InitPhase::Init => (),
            InitPhase::Invoke => self.fail_invocation_in_init(fatal, started, now),
        }
        let reason = if verdict.status == Status::Timeout { Reason::Timeout } else { Reason::Failure };
        self.start_ending(reason, now);
    }

    fn fail_invocation_in_init(&mut self, mut fatal: Fatal, started: Instant, now: Instant) {
        if self.pending.take().is_none() {
            return;
        }
        if fatal.kind == FailureKind::Exit {
            fatal.kind = FailureKind::Init;
        }
        let verdict = fatal.verdict();
        self.acts.push(Act::Take { cold: true, deadline: started + self.terms.timeout });
        self.say(Platform::Start);
        let duration = now - started;
        self.say(Platform::RuntimeDone { verdict: verdict.clone(), duration, produced_bytes: 0, spans: Vec::new() });
        self.acts.push(Act::Complain(fatal.clone()));
        self.acts.push(Act::Offer(Offer::Resetting));
        self.acts.push(Act::Answer(Err(fatal)));
        self.say(Platform::Report { verdict, duration, init: None, spans: Vec::new() });
    }

    fn report_extensions(&mut self, error_type: Option<&String>) {
        for extension in self.extensions.iter() {
            let gone = extension.stand == Stand::Gone;
            let state = match extension.stand {
                Stand::Launched => "Launched",
                Stand::Registered => "Registered",
                Stand::Waiting | Stand::Busy => "Ready",
                Stand::Gone => "Exited",
            };
            let error_type = error_type.filter(|_| gone).cloned();
            let (name, events) = (extension.name.clone(), extension.events.clone());
            self.acts.push(Act::Platform(Platform::Extension { name, state, events, error_type }));
        }
    }
}

/// A failed init phase always bears an error type; for a timeout the emulator has `Runtime.Unknown`.
fn as_init(verdict: &mut Verdict) -> Verdict {
    verdict.error_type.get_or_insert_with(|| "Runtime.Unknown".to_owned());
    verdict.clone()
}

impl Extension {
    fn external(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            external: true,
            id: None,
            events: Vec::new(),
            stand: Stand::Launched,
            reported: None,
            told: false,
        }
    }
}
