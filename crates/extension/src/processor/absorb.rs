//! Reads the ring: every record passes through here once, and goes into the table or to the late
//! records.

use crudder_recorder::{Kind, Record};
use tokio::time::Instant;

use super::Processor;
use super::late_records::LateRecord;
use crate::invocations::Key;

impl Processor {
    /// Reads all new records and exports what is complete by them.
    pub(crate) fn absorb(&mut self, now: Instant) {
        self.reader.clear_wake_up();
        self.read_records(now);
        if !self.config.is_managed {
            self.table.abandon_older();
        }
        let over: Vec<Key> =
            self.table.invocations.iter().filter(|(_, found)| found.is_over()).map(|(key, _)| *key).collect();
        for key in over {
            self.export_finished(key, now);
        }
        self.export_reports(now);
        self.export_init_deaths(now);
        self.compact(now);
    }

    fn read_records(&mut self, now: Instant) {
        while let Some(record) = self.reader.read() {
            let key = Key { writer: record.writer, index: record.invocation };
            // An open invocation is not finished. To look among the few open ones saves a search
            // among all finished ones.
            let is_open = self.table.invocations.contains_key(&key);
            let finished = if is_open { None } else { self.finished.iter().rposition(|(known, _)| *known == key) };
            if finished.is_none() {
                self.table.apply(&record);
            }
            if is_outside(&record) || finished.is_some() {
                let late = LateRecord::from_record(&record);
                self.process_late_record(key, finished, late, now);
            }
        }
    }

    /// Rebuilds the table after a restart. Records are applied in the order in which they were
    /// first written.
    pub(super) fn rebuild(&mut self, now: Instant) {
        let mut found = Vec::new();
        while let Some(record) = self.reader.read() {
            found.push((record.origin, record.position));
        }
        found.sort_unstable();
        for (_, position) in found {
            let Some(record) = self.reader.peek(position) else { continue };
            self.table.apply(&record);
            if is_outside(&record) {
                let (key, late) = (Key { writer: record.writer, index: 0 }, LateRecord::from_record(&record));
                self.process_late_record(key, None, late, now);
            }
        }
    }

    /// Reads the copies of relocated records.
    pub(super) fn read_copies(&mut self) {
        while let Some(copy) = self.reader.read() {
            self.table.apply(&copy);
        }
    }

    fn export_reports(&mut self, now: Instant) {
        let (mut exporter, table) = self.exporter(now);
        for (key, invocation) in &mut table.invocations {
            if invocation.reports.values().any(|report| !report.is_exported) {
                exporter.export_reports(*key, table.processes.get(&key.writer), invocation);
            }
        }
    }

    fn export_init_deaths(&mut self, now: Instant) {
        let init_deaths = std::mem::take(&mut self.table.init_deaths);
        let (mut exporter, table) = self.exporter(now);
        for init_death in init_deaths {
            exporter.export_init_death(table.processes.get(&init_death.writer), &init_death);
        }
    }
}

/// Whether a record belongs to no invocation and is neither the start nor the death of a process.
fn is_outside(record: &Record<'_>) -> bool {
    record.invocation == 0 && !matches!(record.kind, Kind::ProcessStarted | Kind::Death)
}
