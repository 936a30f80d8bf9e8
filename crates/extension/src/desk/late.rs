//! Records that come after their invocation was over, or outside of any: a span that outlived it, a note, a verdict on how its
//! answer fared.

use std::collections::BTreeMap;

use crudder_recorder::{DeathRecord, Kind, Record, SKIPPED, SpanIds};
use tokio::time::Instant;

use super::Desk;
use crate::table::{Death, Invocation, Key, Report};
use crate::tell::Teller;
use crate::unit::{Cargo, Unit};
use crate::vendor::Vendor;

impl Desk {
    /// A record of an invocation that is over: a span that outlived it, a note, a verdict on how its answer fared.
    pub(super) fn late(&mut self, key: Key, over: Option<usize>, straggler: Straggler, now: Instant) {
        let position = straggler.position;
        let over = over.and_then(|at| self.over.get_mut(at)).map(|(_, invocation)| invocation);
        let mut over = over;
        if let (Some(death), Some(invocation)) = (straggler.death, over.as_deref_mut()) {
            invocation.death = Some(death);
            let mut late = Invocation { spans: BTreeMap::new(), ..invocation.clone() };
            late.records.insert(position, position);
            let process = self.table.processes.get(&key.writer);
            let mut teller = Teller { reader: &mut self.reader, outbox: &mut self.outbox, config: &self.config, now };
            return teller.conclude(key, process, late);
        }
        let was_told = over.is_some_and(|over| straggler.span.is_some_and(|span| over.spans.contains_key(&span)));
        if straggler.is_event {
            let mut around = Invocation::default();
            around.records.insert(position, position);
            around.events.insert(position, Report { span: [0; 8], position, is_out: false });
            let process = self.table.processes.get(&key.writer);
            let mut teller = Teller { reader: &mut self.reader, outbox: &mut self.outbox, config: &self.config, now };
            return teller.conclude(key, process, around);
        }
        for vendor in Vendor::ALL {
            if straggler.span.is_none() || was_told || vendor != Vendor::Honeycomb {
                self.reader.set_batch(position, vendor.sink(), SKIPPED);
            }
        }
        if straggler.span.is_some() && !was_told {
            let bytes = straggler.bytes;
            let cargo = Cargo::Recorded { process: key.writer, trailer: Vec::new(), bytes };
            let unit = Unit { position, also: Vec::new(), cargo, has_error: false, since: now, in_doubt: false };
            self.outbox.put(Vendor::Honeycomb, unit, &mut self.reader);
        }
    }
}

/// What is kept of a record that came after its invocation was over.
pub(super) struct Straggler {
    position: u64,
    /// The span that has ended.
    span: Option<[u8; 8]>,
    bytes: usize,
    is_event: bool,
    death: Option<Death>,
}

impl Straggler {
    pub(super) fn of(record: &Record<'_>) -> Self {
        let ids = SpanIds::split(record.payload).ok().filter(|_| record.kind == Kind::SpanEnded);
        let verdict = (record.kind == Kind::Death).then(|| DeathRecord::decode(record.payload).ok()).flatten();
        let position = record.position;
        let death = verdict.map(|verdict| Death {
            position,
            at_unix_nano: verdict.at_unix_nano,
            reason: verdict.cause,
            detail: verdict.detail.to_owned(),
        });
        let is_event = record.kind == Kind::Event;
        Self { position, span: ids.map(|(ids, _)| ids.span), bytes: record.payload.len(), is_event, death }
    }
}
