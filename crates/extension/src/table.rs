//! What the ring tells, as a table of processes and invocations. A next life rebuilds it from the ring alone (D3).

use std::collections::{BTreeMap, HashMap};

use crudder_otlp::{self as otlp, SpanSummary};
use crudder_recorder::{
    DeathCause, DeathRecord, InvocationEnded, InvocationStarted, Kind, Outcome, ProcessStarted, Record, SpanIds,
    WriterId,
};

/// An invocation, in whichever process: the request id comes from its start, which may not have been read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) writer: WriterId,
    pub(crate) index: u32,
}

/// A process that writes, or wrote.
#[derive(Clone, Debug, Default)]
pub(crate) struct Process {
    /// Its record, which holds the resource.
    pub(crate) position: u64,
    pub(crate) started_unix_nano: u64,
    pub(crate) function: String,
    pub(crate) xray_daemon: String,
    /// Whether it has begun an invocation: its init is over.
    pub(crate) has_served: bool,
    /// Whether it has said that it ends by itself.
    pub(crate) has_exited: bool,
    /// Whether the layer has found out how its init died.
    pub(crate) is_judged: bool,
}

/// A span as far as the ring tells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) ids: SpanIds,
    pub(crate) started: Option<u64>,
    pub(crate) ended: Option<u64>,
    pub(crate) outline: SpanSummary,
    /// Whether it has been handed to the outbox.
    pub(crate) is_out: bool,
}

/// An error or another report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) span: [u8; 8],
    pub(crate) position: u64,
    /// Whether it has been handed to the outbox.
    pub(crate) is_out: bool,
}

/// How an invocation died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Death {
    /// The verdict's record.
    pub(crate) position: u64,
    pub(crate) at_unix_nano: u64,
    pub(crate) reason: DeathCause,
    pub(crate) detail: String,
}

/// One invocation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Invocation {
    pub(crate) request_id: String,
    pub(crate) trace: [u8; 16],
    pub(crate) segment: [u8; 8],
    pub(crate) started_unix_nano: u64,
    pub(crate) deadline_unix_ms: u64,
    pub(crate) is_sampled: bool,
    pub(crate) is_cold: bool,
    pub(crate) has_started: bool,
    pub(crate) ended: Option<Outcome>,
    /// It is known to be over though the ring does not say so of all its spans: their ends were dropped, or never come.
    pub(crate) is_left: bool,
    pub(crate) datagram_left: bool,
    pub(crate) death: Option<Death>,
    pub(crate) spans: BTreeMap<[u8; 8], Span>,
    /// Reports by origin: the span each happened in, and its record.
    pub(crate) events: BTreeMap<u64, Report>,
    /// All its records, by origin: what is labelled when it is concluded.
    pub(crate) records: BTreeMap<u64, u64>,
    /// The records that some unit bears or takes along, by vendor.
    pub(crate) told: [Vec<u64>; 3],
}

impl Invocation {
    /// Whether nothing more is to come: it ended with all its spans, or it was found dead.
    pub(crate) fn is_over(&self) -> bool {
        self.death.is_some()
            || self.is_left
            || (self.ended.is_some() && self.spans.values().all(|span| span.ended.is_some()))
    }

    /// The innermost open span, and the open ones above it, outermost first: where it was when it died.
    pub(crate) fn open_path(&self) -> Vec<Span> {
        let open = |span: &&Span| span.ended.is_none();
        let is_parent = |id: &[u8; 8]| self.spans.values().filter(open).any(|child| child.ids.parent == *id);
        let innermost = self
            .spans
            .values()
            .filter(open)
            .filter(|span| !is_parent(&span.ids.span))
            .max_by_key(|span| (span.outline.start_ns, span.started));
        let mut path = Vec::new();
        let mut next = innermost.copied();
        while let Some(span) = next.filter(|_| path.len() <= self.spans.len()) {
            path.push(span);
            next = self.spans.get(&span.ids.parent).copied().filter(|parent| parent.ended.is_none());
        }
        path.reverse();
        path
    }

    /// The span that has no parent among ours.
    pub(crate) fn root(&self) -> Option<&Span> {
        self.spans.values().find(|span| !self.spans.contains_key(&span.ids.parent))
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.death.is_some()
            || !self.events.is_empty()
            || self.ended == Some(Outcome::Failed)
            || self.spans.values().any(|span| span.outline.failed)
    }
}

/// Everything that is under way.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) processes: HashMap<WriterId, Process>,
    pub(crate) invocations: BTreeMap<Key, Invocation>,
    /// Deaths during init that have been read and not been told.
    pub(crate) init_deaths: Vec<(WriterId, Death, [u8; 16])>,
    /// Records that were no use: of a kind whose payload could not be read.
    pub(crate) malformed: u64,
}

impl Table {
    /// Takes in one record. Carried copies take their originals' places.
    pub(crate) fn apply(&mut self, record: &Record<'_>) {
        if self.enter(record).is_none() {
            self.malformed += 1;
        }
    }

    fn enter(&mut self, record: &Record<'_>) -> Option<()> {
        if record.kind == Kind::ProcessStarted {
            return self.enter_process(record);
        }
        if let Some(process) = self.processes.get_mut(&record.writer)
            && record.kind != Kind::Death
        {
            // Other threads may write on while one of them exits.
            process.has_exited |= record.kind == Kind::ProcessExited;
            process.has_served |= record.invocation > 0;
        }
        if record.invocation == 0 {
            return self.enter_init(record);
        }
        let key = Key { writer: record.writer, index: record.invocation };
        let invocation = self.invocations.entry(key).or_default();
        invocation.records.insert(record.origin, record.position);
        match record.kind {
            Kind::InvocationStarted => start(invocation, &InvocationStarted::decode(record.payload).ok()?),
            Kind::SpanStarted => span_started(invocation, record)?,
            Kind::SpanEnded => span_ended(invocation, record)?,
            Kind::Event => event(invocation, record)?,
            Kind::DatagramSent => invocation.datagram_left = true,
            Kind::InvocationEnded => {
                let ended = InvocationEnded::decode(record.payload).ok()?;
                invocation.ended = Some(ended.outcome);
                // Of its start's record, too, unless a full ring had no room for that.
                ended.request_id.clone_into(&mut invocation.request_id);
            }
            Kind::Death => invocation.death = Some(death(record)?),
            Kind::ProcessStarted | Kind::ProcessExited => (),
        }
        Some(())
    }

    fn enter_process(&mut self, record: &Record<'_>) -> Option<()> {
        let started = ProcessStarted::decode(record.payload).ok()?;
        let process = self.processes.entry(record.writer).or_default();
        process.position = record.position;
        process.started_unix_nano = started.started_unix_nano;
        started.function.clone_into(&mut process.function);
        started.xray_daemon.clone_into(&mut process.xray_daemon);
        Some(())
    }

    fn enter_init(&mut self, record: &Record<'_>) -> Option<()> {
        if record.kind == Kind::Death {
            self.processes.entry(record.writer).or_default().is_judged = true;
            let trace = DeathRecord::decode(record.payload).ok()?.trace;
            self.init_deaths.push((record.writer, death(record)?, trace));
        }
        Some(())
    }

    pub(crate) fn by_request(&self, request_id: &str) -> Option<Key> {
        self.invocations.iter().find(|(_, invocation)| invocation.request_id == request_id).map(|(key, _)| *key)
    }

    /// Where invocations follow each other, an older one than the newest of its process is over.
    pub(crate) fn leave_the_older(&mut self) {
        let keys: Vec<Key> = self.invocations.keys().copied().collect();
        for pair in keys.windows(2) {
            if let [older, newer] = pair
                && older.writer == newer.writer
                && let Some(invocation) = self.invocations.get_mut(older)
            {
                invocation.is_left = true;
            }
        }
    }

    pub(crate) fn open(&self) -> impl Iterator<Item = (&Key, &Invocation)> {
        self.invocations.iter().filter(|(_, invocation)| !invocation.is_over())
    }
}

fn start(invocation: &mut Invocation, started: &InvocationStarted<'_>) {
    started.request_id.clone_into(&mut invocation.request_id);
    invocation.trace = started.trace;
    invocation.segment = started.segment;
    invocation.started_unix_nano = started.started_unix_nano;
    invocation.deadline_unix_ms = started.deadline_unix_ms;
    invocation.is_sampled = started.is_sampled;
    invocation.is_cold = started.is_cold;
    invocation.has_started = true;
}

fn span_started(invocation: &mut Invocation, record: &Record<'_>) -> Option<()> {
    let (ids, message) = SpanIds::split(record.payload).ok()?;
    let fresh = Span { ids, started: None, ended: None, outline: otlp::read::span_summary(message), is_out: false };
    invocation.spans.entry(ids.span).or_insert(fresh).started = Some(record.position);
    Some(())
}

fn span_ended(invocation: &mut Invocation, record: &Record<'_>) -> Option<()> {
    let (ids, message) = SpanIds::split(record.payload).ok()?;
    let fresh = Span { ids, started: None, ended: None, outline: SpanSummary::default(), is_out: false };
    let span = invocation.spans.entry(ids.span).or_insert(fresh);
    span.ended = Some(record.position);
    span.outline = otlp::read::span_summary(message);
    Some(())
}

fn event(invocation: &mut Invocation, record: &Record<'_>) -> Option<()> {
    let (ids, _) = SpanIds::split(record.payload).ok()?;
    let fresh = Report { span: ids.span, position: record.position, is_out: false };
    invocation.events.entry(record.origin).or_insert(fresh).position = record.position;
    Some(())
}

fn death(record: &Record<'_>) -> Option<Death> {
    let verdict = DeathRecord::decode(record.payload).ok()?;
    Some(Death {
        position: record.position,
        at_unix_nano: verdict.at_unix_nano,
        reason: verdict.cause,
        detail: verdict.detail.to_owned(),
    })
}
