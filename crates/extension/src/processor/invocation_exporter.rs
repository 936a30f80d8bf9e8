//! Turns reports, deaths and finished invocations into export items and marks their other records
//! as skipped.

use crudder_recorder::{Reader, SKIPPED};
use tokio::time::Instant;

use crate::config::{Config, sink_of};
use crate::delivery::Dispatcher;
use crate::exporters::{Context, Item, Observation};
use crate::invocations::{InitDeath, Invocation, Key, Process};

/// Hands the items of all exporters to the dispatcher.
pub(super) struct InvocationExporter<'a> {
    pub(super) reader: &'a mut Reader,
    pub(super) dispatcher: &'a mut Dispatcher,
    pub(super) config: &'a Config,
    pub(super) now: Instant,
}

impl InvocationExporter<'_> {
    /// Exports new reports, which need not wait for the end of their invocation.
    pub(super) fn export_reports(&mut self, key: Key, process: Option<&Process>, invocation: &mut Invocation) {
        let new: Vec<u64> = invocation
            .reports
            .iter_mut()
            .filter_map(|(origin, report)| (!std::mem::replace(&mut report.is_exported, true)).then_some(*origin))
            .collect();
        for origin in new {
            let Some(report) = invocation.reports.get(&origin).copied() else { continue };
            let items = self.items(&Observation::Reported { key, invocation, origin, report }, process);
            self.enqueue_for(invocation, items);
        }
    }

    /// Exports the ended spans of an invocation that goes on, because its deadline is near or the
    /// ring needs space.
    pub(super) fn export_ended_spans(
        &mut self,
        key: Key,
        process: Option<&Process>,
        invocation: &mut Invocation,
        frees_space: bool,
    ) {
        let ended = invocation.spans.values_mut().filter_map(|span| {
            let position = span.ended.filter(|_| !span.is_exported)?;
            span.is_exported = true;
            Some((position, span.started, span.record_bytes))
        });
        for (position, started, record_bytes) in ended.collect::<Vec<_>>() {
            let items = self.items(&Observation::SpanEnded { writer: key.writer, position, record_bytes }, process);
            if frees_space {
                // The X-Ray documents of a later death do without these spans.
                self.skip_without_item(position, &items);
                if let Some(started) = started.filter(|started| *started != position) {
                    self.skip(started);
                }
            }
            self.enqueue_for(invocation, items);
        }
    }

    /// Exports everything of an invocation that is over.
    pub(super) fn export_finished(&mut self, key: Key, process: Option<&Process>, mut invocation: Invocation) {
        self.export_reports(key, process, &mut invocation);
        self.export_death(process, &mut invocation);
        let was_sent_in_parts = invocation.spans.values().any(|span| span.is_exported);
        let sample_rate = if was_sent_in_parts || !invocation.has_started {
            Some(1)
        } else {
            self.config.sampling().sample_rate(&invocation)
        };
        let finished = Observation::Finished { writer: key.writer, invocation: &invocation, sample_rate };
        let items = self.items(&finished, process);
        self.enqueue_for(&mut invocation, items);
        self.skip_the_rest(&mut invocation);
    }

    fn export_death(&mut self, process: Option<&Process>, invocation: &mut Invocation) {
        let Some(death) = &invocation.death else { return };
        let items = self.items(&Observation::Died { invocation, death }, process);
        self.enqueue_for(invocation, items);
    }

    /// Exports the death of a process before its first invocation.
    pub(super) fn export_init_death(&mut self, process: Option<&Process>, init_death: &InitDeath) {
        self.export_or_skip(&Observation::DiedInInit(init_death), init_death.death.position, process);
    }

    /// Exports an observation of a single record that belongs to no open invocation. The record is
    /// skipped for exporters that make no item of it.
    pub(super) fn export_or_skip(&mut self, observation: &Observation<'_>, position: u64, process: Option<&Process>) {
        let items = self.items(observation, process);
        self.skip_without_item(position, &items);
        for (destination, item) in items {
            self.dispatcher.enqueue(destination, item, self.reader);
        }
    }

    /// Returns the items of all exporters, each with the index of its exporter.
    fn items(&self, observation: &Observation<'_>, process: Option<&Process>) -> Vec<(usize, Item)> {
        let named = process.map(|process| process.function.as_str()).filter(|name| !name.is_empty());
        let function = named.unwrap_or(&self.config.function);
        let context = Context { reader: self.reader, function, process, now: self.now };
        let exporters = self.config.exporters.iter().enumerate();
        exporters
            .flat_map(|(index, exporter)| {
                exporter.items(observation, &context).into_iter().map(move |item| (index, item))
            })
            .collect()
    }

    fn enqueue_for(&mut self, invocation: &mut Invocation, items: Vec<(usize, Item)>) {
        for (destination, item) in items {
            invocation.exported[destination].extend(item.positions());
            self.dispatcher.enqueue(destination, item, self.reader);
        }
    }

    fn skip(&mut self, position: u64) {
        self.config.sinks().for_each(|sink| self.reader.set_batch(position, sink, SKIPPED));
    }

    /// Skips a record for the exporters that made no item of it.
    fn skip_without_item(&mut self, position: u64, items: &[(usize, Item)]) {
        for destination in 0..self.config.exporters.len() {
            let has_item = items.iter().any(|(index, item)| *index == destination && item.position == position);
            if !has_item {
                self.reader.set_batch(position, sink_of(destination), SKIPPED);
            }
        }
    }

    /// Skips every record that no item bears. A batch number that was given stays.
    fn skip_the_rest(&mut self, invocation: &mut Invocation) {
        for destination in 0..self.config.exporters.len() {
            let exported = &mut invocation.exported[destination];
            exported.sort_unstable();
            for position in invocation.records.values().filter(|position| exported.binary_search(position).is_err()) {
                self.reader.set_batch(*position, sink_of(destination), SKIPPED);
            }
        }
    }
}
