//! The processor: keeps the state of the extension, and exports what the records of the ring say.

mod absorb;
mod compaction;
mod deaths;
mod invocation_exporter;
mod late_records;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::SystemTime;

use crudder_recorder::{Reader, WriterId};
use tokio::time::Instant;

use self::invocation_exporter::InvocationExporter;
use crate::config::Config;
use crate::delivery::{Completion, DeliveryContext, Dispatcher};
use crate::invocations::{Invocation, Key, Table};

/// How many finished invocations are remembered, because the platform may still report their death:
/// a response that was too large, a crash while the response was posted.
const MAX_FINISHED: usize = 64;

/// The state of the extension, without its place in the life cycle.
pub(crate) struct Processor {
    reader: Reader,
    table: Table,
    pub(crate) dispatcher: Dispatcher,
    config: Config,
    /// Exported invocations, with what a late record needs of them.
    finished: VecDeque<(Key, Invocation)>,
    /// Whether the death of an init was recorded whose process never opened the ring.
    init_death_recorded: bool,
    /// Whether `/next` was requested: nothing is sent before.
    pub(crate) may_send: bool,
}

impl Processor {
    /// Takes over what an earlier extension process left in this environment (docs/delivery.md,
    /// D3).
    pub(crate) fn new(config: Config, mut reader: Reader, now: Instant) -> Self {
        let dispatcher = Dispatcher::new(&config, &mut reader);
        let mut processor = Self {
            reader,
            table: Table::default(),
            dispatcher,
            config,
            finished: VecDeque::new(),
            init_death_recorded: false,
            may_send: false,
        };
        processor.rebuild(now);
        processor.record_deaths_of_dead_processes(SystemTime::now());
        // Of invocations that the earlier process exported, only leftovers without a start remain.
        let leftovers: Vec<Key> =
            processor.table.invocations.iter().filter(|(_, found)| !found.has_started).map(|(key, _)| *key).collect();
        for key in leftovers {
            processor.export_finished(key, now);
        }
        processor.absorb(now);
        processor
    }

    /// Whether this request has ended, according to the ring.
    pub(crate) fn is_over(&self, request_id: &str) -> bool {
        let invocations = &self.table.invocations;
        let has_ended = |key: Key| invocations.get(&key).is_some_and(|found| found.ended.is_some());
        self.finished.iter().rev().any(|(_, invocation)| invocation.request_id == request_id)
            || self.table.by_request(request_id).is_some_and(has_ended)
    }

    /// Whether the process that serves this request is gone, according to the ring.
    pub(crate) fn is_gone(&self, request_id: &str) -> bool {
        match self.table.by_request(request_id) {
            Some(key) => !self.reader.is_alive(key.writer),
            // It may have died before it recorded which request it serves.
            None => {
                let mut writers = self.table.processes.keys().filter(|writer| **writer != WriterId::READER).peekable();
                writers.peek().is_some() && !writers.any(|writer| self.reader.is_alive(*writer))
            }
        }
    }

    /// Queues the ended spans of a request whose deadline is near. Its open spans wait for the
    /// cause of death.
    pub(crate) fn export_ended_spans(&mut self, request_id: &str, now: Instant) {
        let Some(key) = self.table.by_request(request_id) else { return };
        let (mut exporter, table) = self.exporter(now);
        let process = table.processes.get(&key.writer);
        if let Some(invocation) = table.invocations.get_mut(&key) {
            exporter.export_ended_spans(key, process, invocation, false);
        }
    }

    /// Sends whatever may be sent now.
    pub(crate) fn send(&mut self, now: Instant) {
        let (dispatcher, mut context) = self.delivery(now);
        dispatcher.send(&mut context);
    }

    /// Handles a request that has completed.
    pub(crate) fn complete(&mut self, completion: Completion, now: Instant) {
        let (dispatcher, mut context) = self.delivery(now);
        dispatcher.complete(completion, &mut context);
        // Records behind the acknowledged ones may be free now; a process's record among them is
        // relocated.
        self.compact(now);
    }

    /// Prints everything that no destination has accepted, before the environment ends.
    pub(crate) fn dead_letter_all(&mut self, now: Instant) {
        let (dispatcher, mut context) = self.delivery(now);
        dispatcher.dead_letter_all(&mut context);
        self.reader.free_resolved();
    }

    /// Exports an invocation that is over, and remembers what a late record needs of it.
    fn export_finished(&mut self, key: Key, now: Instant) {
        let Some(invocation) = self.table.invocations.remove(&key) else { return };
        let remembered = invocation.summarized();
        let (mut exporter, table) = self.exporter(now);
        exporter.export_finished(key, table.processes.get(&key.writer), invocation);
        if self.finished.len() == MAX_FINISHED {
            self.finished.pop_front();
        }
        self.finished.push_back((key, remembered));
    }

    fn exporter(&mut self, now: Instant) -> (InvocationExporter<'_>, &mut Table) {
        let Self { reader, table, dispatcher, config, .. } = self;
        (InvocationExporter { reader, dispatcher, config, now }, table)
    }

    fn delivery(&mut self, now: Instant) -> (&mut Dispatcher, DeliveryContext<'_>) {
        let Self { reader, table, dispatcher, config, .. } = self;
        (dispatcher, DeliveryContext { reader, processes: &table.processes, aws: &config.aws, now })
    }
}
