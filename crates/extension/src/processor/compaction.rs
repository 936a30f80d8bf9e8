//! Keeps space free in the ring: frees exported records, relocates records that must stay, and
//! spools what no destination takes (docs/delivery.md, D3 and D6).

use crudder_recorder::{Kind, SKIPPED};
use tokio::time::Instant;

use super::Processor;
use crate::invocations::Key;
use crate::log;

/// The most records that are relocated at a time; a ring that holds more open ones is too small for
/// its load.
const MAX_RELOCATED: usize = 256;

impl Processor {
    /// Frees exported records. In a ring that is half full, also relocates open records and spools
    /// batches.
    pub(super) fn compact(&mut self, now: Instant) {
        self.reader.free_resolved();
        if !self.reader.stats().is_half_full() {
            return;
        }
        self.forget_processes();
        self.relocate();
        if !self.reader.stats().is_half_full() || !self.may_send {
            return;
        }
        self.export_all_ended_spans(now);
        let (dispatcher, mut context) = self.delivery(now);
        dispatcher.send(&mut context);
        dispatcher.spool_overflow(&mut context);
        self.reader.free_resolved();
    }

    /// Exports the ended spans of open invocations: a request of more spans than the ring holds is
    /// exported in parts.
    fn export_all_ended_spans(&mut self, now: Instant) {
        let (mut exporter, table) = self.exporter(now);
        for (key, invocation) in &mut table.invocations {
            exporter.export_ended_spans(*key, table.processes.get(&key.writer), invocation, true);
        }
    }

    /// Forgets dead processes of which nothing is left to export: their resource is not needed any
    /// more.
    fn forget_processes(&mut self) {
        let sinks = self.config.sinks();
        let Self { reader, table, dispatcher, .. } = self;
        let invocations = &table.invocations;
        table.processes.retain(|writer, process| {
            let is_needed = reader.is_alive(*writer)
                || dispatcher.needs(*writer)
                || invocations.keys().any(|key| key.writer == *writer);
            if !is_needed {
                sinks.clone().for_each(|sink| reader.set_batch(process.position, sink, SKIPPED));
            }
            is_needed
        });
    }

    /// Copies open records from the front of the ring to its tail, as long as only they keep it
    /// from being freed.
    fn relocate(&mut self) {
        for _ in 0..MAX_RELOCATED {
            let front = self.reader.free_resolved();
            let Some(record) = self.reader.peek(front) else { return };
            let key = Key { writer: record.writer, index: record.invocation };
            let is_open = self.table.invocations.contains_key(&key);
            let is_process = record.kind == Kind::ProcessStarted;
            let was_relocated = record.origin != record.position;
            if !(is_open || is_process) || (was_relocated && !self.reader.stats().is_half_full()) {
                return;
            }
            match self.reader.relocate(front) {
                Ok(Some(copy)) => self.follow(key, front, copy),
                Ok(None) => return,
                Err(error) => {
                    return log::warn("failed to relocate a record in the ring", [("error", error.to_string().into())]);
                }
            }
            self.read_copies();
        }
    }

    /// Lets queued items of a relocated record refer to its copy.
    fn follow(&mut self, key: Key, from: u64, to: u64) {
        self.dispatcher.relocated(from, to);
        let exported = self.table.invocations.get_mut(&key).map(|invocation| &mut invocation.exported);
        exported.into_iter().flatten().flatten().filter(|position| **position == from).for_each(|it| *it = to);
    }
}
