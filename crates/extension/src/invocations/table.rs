//! The table of processes and invocations that the records of the ring describe. It is rebuilt from
//! the ring alone when the extension restarts (docs/delivery.md, D3).

use std::collections::{BTreeMap, HashMap};

use crudder_otlp::SpanSummary;
use crudder_otlp::read::span_summary;
use crudder_recorder::{
    DeathRecord, InvocationEnded, InvocationStarted, Kind, ProcessStarted, Record, SpanIds, WriterId,
};

use super::invocation::{Death, Invocation, Key, Report, Span};
use super::process::Process;

/// A death during init that was read and not exported yet.
#[derive(Debug)]
pub(crate) struct InitDeath {
    pub(crate) writer: WriterId,
    pub(crate) death: Death,
    /// The id of a trace of its own, the same in every extension process.
    pub(crate) trace: [u8; 16],
}

impl InitDeath {
    /// Returns the id of its span: the second half of the trace id.
    pub(crate) fn span(&self) -> [u8; 8] {
        std::array::from_fn(|at| self.trace[at + 8])
    }
}

/// Processes, and the invocations that are not exported yet.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) processes: HashMap<WriterId, Process>,
    pub(crate) invocations: BTreeMap<Key, Invocation>,
    pub(crate) init_deaths: Vec<InitDeath>,
    /// Records whose payload could not be read.
    pub(crate) malformed: u64,
}

impl Table {
    /// Applies one record. The copy of a relocated record replaces its original.
    pub(crate) fn apply(&mut self, record: &Record<'_>) {
        if self.try_apply(record).is_none() {
            self.malformed += 1;
        }
    }

    fn try_apply(&mut self, record: &Record<'_>) -> Option<()> {
        if record.kind == Kind::ProcessStarted {
            return self.process_started(record);
        }
        if let Some(process) = self.processes.get_mut(&record.writer)
            && record.kind != Kind::Death
        {
            // Other threads may go on writing while one of them exits.
            process.has_exited |= record.kind == Kind::ProcessExited;
            process.has_served |= record.invocation > 0;
        }
        if record.invocation == 0 {
            return self.died_in_init(record);
        }
        let key = Key { writer: record.writer, index: record.invocation };
        let invocation = self.invocations.entry(key).or_default();
        invocation.records.insert(record.origin, record.position);
        match record.kind {
            Kind::InvocationStarted => started(invocation, record)?,
            Kind::SpanStarted => span_started(invocation, record)?,
            Kind::SpanEnded => span_ended(invocation, record)?,
            Kind::Event => reported(invocation, record)?,
            Kind::DatagramSent => invocation.datagram_sent = true,
            Kind::InvocationEnded => ended(invocation, record)?,
            Kind::Death => invocation.death = Some(death(record)?),
            Kind::ProcessStarted | Kind::ProcessExited => (),
        }
        Some(())
    }

    fn process_started(&mut self, record: &Record<'_>) -> Option<()> {
        let started = ProcessStarted::decode(record.payload).ok()?;
        let process = self.processes.entry(record.writer).or_default();
        process.position = record.position;
        process.started_unix_nano = started.started_unix_nano;
        started.function.clone_into(&mut process.function);
        started.xray_daemon.clone_into(&mut process.xray_daemon);
        Some(())
    }

    fn died_in_init(&mut self, record: &Record<'_>) -> Option<()> {
        if record.kind == Kind::Death {
            self.processes.entry(record.writer).or_default().died_in_init = true;
            let trace = DeathRecord::decode(record.payload).ok()?.trace;
            self.init_deaths.push(InitDeath { writer: record.writer, death: death(record)?, trace });
        }
        Some(())
    }

    pub(crate) fn by_request(&self, request_id: &str) -> Option<Key> {
        self.invocations.iter().find(|(_, invocation)| invocation.request_id == request_id).map(|(key, _)| *key)
    }

    /// Marks every invocation that is not the newest of its process as abandoned: where invocations
    /// follow each other, the older ones are over.
    pub(crate) fn abandon_older(&mut self) {
        let keys: Vec<Key> = self.invocations.keys().copied().collect();
        for pair in keys.windows(2) {
            if let [older, newer] = pair
                && older.writer == newer.writer
                && let Some(invocation) = self.invocations.get_mut(older)
            {
                invocation.is_abandoned = true;
            }
        }
    }

    /// Returns the invocations that are not over.
    pub(crate) fn open(&self) -> impl Iterator<Item = (&Key, &Invocation)> {
        self.invocations.iter().filter(|(_, invocation)| !invocation.is_over())
    }
}

fn started(invocation: &mut Invocation, record: &Record<'_>) -> Option<()> {
    invocation.frame[0] = Some(record.origin);
    let started = InvocationStarted::decode(record.payload).ok()?;
    started.request_id.clone_into(&mut invocation.request_id);
    invocation.trace = started.trace;
    invocation.segment = started.segment;
    invocation.started_unix_nano = started.started_unix_nano;
    invocation.deadline_unix_ms = started.deadline_unix_ms;
    invocation.is_sampled = started.is_sampled;
    invocation.is_cold = started.is_cold;
    invocation.has_started = true;
    Some(())
}

fn ended(invocation: &mut Invocation, record: &Record<'_>) -> Option<()> {
    invocation.frame[1] = Some(record.origin);
    let ended = InvocationEnded::decode(record.payload).ok()?;
    invocation.ended = Some(ended.outcome);
    // The start has the request id too, unless a full ring dropped it.
    ended.request_id.clone_into(&mut invocation.request_id);
    Some(())
}

fn span_started(invocation: &mut Invocation, record: &Record<'_>) -> Option<()> {
    let (ids, message) = SpanIds::split(record.payload).ok()?;
    let span = invocation.spans.entry(ids.span).or_insert_with(|| new_span(ids, span_summary(message)));
    span.started = Some(record.position);
    if span.ended.is_none() {
        span.record_bytes = record.payload.len();
    }
    Some(())
}

fn span_ended(invocation: &mut Invocation, record: &Record<'_>) -> Option<()> {
    let (ids, message) = SpanIds::split(record.payload).ok()?;
    let span = invocation.spans.entry(ids.span).or_insert_with(|| new_span(ids, SpanSummary::default()));
    span.ended = Some(record.position);
    span.record_bytes = record.payload.len();
    span.summary = span_summary(message);
    Some(())
}

fn new_span(ids: SpanIds, summary: SpanSummary) -> Span {
    Span { ids, started: None, ended: None, record_bytes: 0, summary, is_exported: false }
}

fn reported(invocation: &mut Invocation, record: &Record<'_>) -> Option<()> {
    let (ids, _) = SpanIds::split(record.payload).ok()?;
    let report = Report { span: ids.span, position: record.position, is_exported: false };
    invocation.reports.entry(record.origin).or_insert(report).position = record.position;
    Some(())
}

fn death(record: &Record<'_>) -> Option<Death> {
    let death = DeathRecord::decode(record.payload).ok()?;
    Some(Death {
        position: record.position,
        at_unix_nano: death.at_unix_nano,
        cause: death.cause,
        detail: death.detail.to_owned(),
    })
}
