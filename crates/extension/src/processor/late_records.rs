//! Records that come after their invocation was exported, or that belong to none: a span that
//! outlived its invocation, a report, a death that the platform found late.

use std::collections::BTreeMap;

use crudder_recorder::{DeathRecord, Kind, Record, SKIPPED, SpanIds};
use tokio::time::Instant;

use super::Processor;
use crate::exporters::Observation;
use crate::invocations::{Death, Invocation, Key, Report};

/// What is needed of a late record.
pub(super) struct LateRecord {
    position: u64,
    /// The span that has ended.
    span: Option<[u8; 8]>,
    bytes: usize,
    is_report: bool,
    death: Option<Death>,
}

impl LateRecord {
    pub(super) fn from_record(record: &Record<'_>) -> Self {
        let ids = SpanIds::split(record.payload).ok().filter(|_| record.kind == Kind::SpanEnded);
        let death = (record.kind == Kind::Death).then(|| DeathRecord::decode(record.payload).ok()).flatten();
        let position = record.position;
        let death = death.map(|death| Death {
            position,
            at_unix_nano: death.at_unix_nano,
            cause: death.cause,
            detail: death.detail.to_owned(),
        });
        let is_report = record.kind == Kind::Event;
        Self { position, span: ids.map(|(ids, _)| ids.span), bytes: record.payload.len(), is_report, death }
    }
}

impl Processor {
    /// Exports a late record. `finished` is the index of its invocation among the finished ones.
    pub(super) fn process_late_record(&mut self, key: Key, finished: Option<usize>, late: LateRecord, now: Instant) {
        let position = late.position;
        let mut finished = finished.and_then(|at| self.finished.get_mut(at)).map(|(_, invocation)| invocation);
        if let (Some(death), Some(invocation)) = (late.death, finished.as_deref_mut()) {
            invocation.death = Some(death);
            let mut died = Invocation { spans: BTreeMap::new(), ..invocation.clone() };
            died.records.insert(position, position);
            return self.export_late(key, died, now);
        }
        let was_exported = finished.is_some_and(|known| late.span.is_some_and(|span| known.spans.contains_key(&span)));
        if late.is_report {
            let mut around = Invocation::default();
            around.records.insert(position, position);
            around.reports.insert(position, Report { span: [0; 8], position, is_exported: false });
            return self.export_late(key, around, now);
        }
        if late.span.is_none() || was_exported {
            self.config.sinks().for_each(|sink| self.reader.set_batch(position, sink, SKIPPED));
            return;
        }
        let (mut exporter, table) = self.exporter(now);
        let ended = Observation::SpanEnded { writer: key.writer, position, record_bytes: late.bytes };
        exporter.export_or_skip(&ended, position, table.processes.get(&key.writer));
    }

    fn export_late(&mut self, key: Key, invocation: Invocation, now: Instant) {
        let (mut exporter, table) = self.exporter(now);
        exporter.export_finished(key, table.processes.get(&key.writer), invocation);
    }
}
