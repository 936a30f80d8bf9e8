//! Everything the layer knows, and what it does about it: reads the ring, judges the dead, hands what is over to the outbox.

mod late;
mod room;
mod verdicts;

use std::collections::VecDeque;
use std::time::{SystemTime, UNIX_EPOCH};

use crudder_recorder::{Kind, Reader, Record, WriterId};
use tokio::time::Instant;

use self::late::Straggler;
use crate::config::Config;
use crate::courier::Returned;
use crate::outbox::{Outbox, Tools};
use crate::table::{Invocation, Key, Table};
use crate::tell::Teller;

/// Invocations that are over and may still be judged: an answer too large, a crash while posting.
const REMEMBERED: usize = 64;

/// The state of the layer, less its phase.
pub(crate) struct Desk {
    reader: Reader,
    table: Table,
    pub(crate) outbox: Outbox,
    config: Config,
    /// What is over: its key, and what a late verdict needs of it.
    over: VecDeque<(Key, Invocation)>,
    /// The platform's word on an init that no process recorded.
    init_is_judged: bool,
    /// Whether `/next` has been asked: nothing leaves the sandbox before.
    pub(crate) may_send: bool,
}

impl Desk {
    /// Takes up what an earlier life in this environment left (D3).
    pub(crate) fn new(config: Config, mut reader: Reader, now: Instant) -> Self {
        let outbox = Outbox::new(&config, &mut reader);
        let table = Table::default();
        let mut desk =
            Self { reader, table, outbox, config, over: VecDeque::new(), init_is_judged: false, may_send: false };
        desk.rebuild(now);
        desk.judge_the_gone(SystemTime::now());
        // What a former life had concluded is known by its leftovers only.
        let leftovers: Vec<Key> =
            desk.table.invocations.iter().filter(|(_, found)| !found.has_started).map(|(key, _)| *key).collect();
        for key in leftovers {
            desk.conclude(key, now);
        }
        desk.listen(now);
        desk
    }

    fn rebuild(&mut self, now: Instant) {
        let mut found = Vec::new();
        while let Some(record) = self.reader.read() {
            found.push((record.origin, record.position));
        }
        found.sort_unstable();
        for (_, position) in found {
            let Some(record) = self.reader.record(position) else { continue };
            self.table.apply(&record);
            if is_outside(&record) {
                let (key, straggler) = (Key { writer: record.writer, index: 0 }, Straggler::of(&record));
                self.late(key, None, straggler, now);
            }
        }
    }

    /// Reads what is new in the ring, and hands on what is over by it.
    pub(crate) fn listen(&mut self, now: Instant) {
        self.reader.clear_wake_up();
        while let Some(record) = self.reader.read() {
            let key = Key { writer: record.writer, index: record.invocation };
            let is_outside = is_outside(&record);
            // What is under way is not over: a look at the few that are saves one at the many that were.
            let is_open = self.table.invocations.contains_key(&key);
            let over = if is_open { None } else { self.over.iter().rposition(|(known, _)| *known == key) };
            if over.is_none() {
                self.table.apply(&record);
            }
            if is_outside || over.is_some() {
                let straggler = Straggler::of(&record);
                self.late(key, over, straggler, now);
            }
        }
        if !self.config.is_managed {
            self.table.leave_the_older();
        }
        let over: Vec<Key> =
            self.table.invocations.iter().filter(|(_, found)| found.is_over()).map(|(key, _)| *key).collect();
        for key in over {
            self.conclude(key, now);
        }
        self.tell_reports(now);
        self.tell_init_deaths(now);
        self.tidy(now);
    }

    fn tell_init_deaths(&mut self, now: Instant) {
        for (writer, death, trace) in std::mem::take(&mut self.table.init_deaths) {
            let Self { reader, table, outbox, config, .. } = self;
            let process = table.processes.get(&writer).cloned().unwrap_or_default();
            Teller { reader, outbox, config, now }.init_death(writer, &process, &death, trace);
        }
    }

    fn tell_reports(&mut self, now: Instant) {
        let Self { reader, table, outbox, config, .. } = self;
        let mut teller = Teller { reader, outbox, config, now };
        for (key, invocation) in &mut table.invocations {
            if invocation.events.values().any(|report| !report.is_out) {
                teller.reports(*key, table.processes.get(&key.writer), invocation);
            }
        }
    }

    fn conclude(&mut self, key: Key, now: Instant) {
        let Some(invocation) = self.table.invocations.remove(&key) else { return };
        // Its records are labelled below; only who it was is worth remembering.
        let remembered = Invocation {
            request_id: invocation.request_id.clone(),
            trace: invocation.trace,
            started_unix_nano: invocation.started_unix_nano,
            is_cold: invocation.is_cold,
            has_started: invocation.has_started,
            ended: invocation.ended,
            death: invocation.death.clone(),
            // Those that are told as unfinished must not be told again should they end after all.
            spans: invocation
                .spans
                .iter()
                .filter(|(_, span)| span.ended.is_none())
                .map(|(id, span)| (*id, *span))
                .collect(),
            ..Invocation::default()
        };
        let Self { reader, table, outbox, config, .. } = self;
        let mut teller = Teller { reader, outbox, config, now };
        teller.conclude(key, table.processes.get(&key.writer), invocation);
        if self.over.len() == REMEMBERED {
            self.over.pop_front();
        }
        self.over.push_back((key, remembered));
    }

    /// Whether this request is over, by the ring.
    pub(crate) fn is_over(&self, request_id: &str) -> bool {
        let invocations = &self.table.invocations;
        let has_ended = |key: Key| invocations.get(&key).is_some_and(|found| found.ended.is_some());
        self.over.iter().rev().any(|(_, invocation)| invocation.request_id == request_id)
            || self.table.by_request(request_id).is_some_and(has_ended)
    }

    /// Whether the process that serves this request is gone, as far as the ring can tell.
    pub(crate) fn is_gone(&self, request_id: &str) -> bool {
        match self.table.by_request(request_id) {
            Some(key) => !self.reader.is_alive(key.writer),
            // It died before it could say whose request it has.
            None => {
                let mut writers = self.table.processes.keys().filter(|writer| **writer != WriterId::READER).peekable();
                writers.peek().is_some() && !writers.any(|writer| self.reader.is_alive(*writer))
            }
        }
    }

    /// Before a deadline: what has ended leaves, what is open stays for the verdict.
    pub(crate) fn send_ended(&mut self, request_id: &str, now: Instant) {
        let Some(key) = self.table.by_request(request_id) else { return };
        let Self { reader, table, outbox, config, .. } = self;
        if let Some(invocation) = table.invocations.get_mut(&key) {
            Teller { reader, outbox, config, now }.ended_spans(key, invocation, false);
        }
    }

    /// Sends whatever may go now.
    pub(crate) fn send(&mut self, now: Instant) {
        let (outbox, mut tools) = self.tools(now);
        outbox.send(&mut tools);
    }

    /// Acts on what a vendor answered.
    pub(crate) fn settle(&mut self, returned: Returned, now: Instant) {
        let (outbox, mut tools) = self.tools(now);
        outbox.settle(returned, &mut tools);
        // What was in the way may be done with now: a process's record among it, which is carried.
        self.tidy(now);
    }

    /// The end: prints what nobody took.
    pub(crate) fn give_all_up(&mut self, now: Instant) {
        let (outbox, mut tools) = self.tools(now);
        outbox.give_all_up(&mut tools);
        self.reader.free_resolved();
    }

    fn tools(&mut self, now: Instant) -> (&mut Outbox, Tools<'_>) {
        let Self { reader, table, outbox, config, .. } = self;
        (outbox, Tools { reader, processes: &table.processes, config, now })
    }
}

/// Whether a record belongs to no invocation and is no news of a process's beginning or init.
fn is_outside(record: &Record<'_>) -> bool {
    record.invocation == 0 && !matches!(record.kind, Kind::ProcessStarted | Kind::Death)
}

pub(crate) fn nanoseconds(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crudder_recorder::{InvocationEnded, Outcome, SpanIds, Writer};
    use tempfile::TempDir;

    /// A layer's desk and a function that writes to the same ring.
    fn desk() -> (Desk, Writer, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let ring = folder.path().join("ring");
        let config = Config::read(|name| match name {
            "AWS_LAMBDA_RUNTIME_API" => Some("127.0.0.1:1".to_owned()),
            "CRUDDER_RECORDER" => Some(ring.display().to_string()),
            _ => None,
        });
        let desk = Desk::new(config.unwrap(), Reader::open(&ring, 1 << 16).unwrap(), Instant::now());
        let writer = Writer::open(&ring, 1 << 16).unwrap();
        (desk, writer, folder)
    }

    fn end(writer: &Writer, index: u32, request_id: &str) {
        let mut payload = Vec::new();
        InvocationEnded { ended_unix_nano: 1, outcome: Outcome::Succeeded, request_id }.encode(&mut payload);
        writer.write(Kind::InvocationEnded, index, &[&payload]).unwrap();
    }

    #[tokio::test]
    async fn an_end_whose_start_found_no_room_is_the_end_of_its_own_invocation() {
        let (mut desk, writer, _folder) = desk();
        let now = Instant::now();
        desk.listen(now);
        assert!(!desk.is_over("served"));
        end(&writer, 1, "served");
        desk.listen(now);
        assert!(desk.is_over("served"));
        assert!(!desk.is_over("the next"));
    }

    #[tokio::test]
    async fn an_end_that_leaves_a_span_open_ends_its_own_invocation_only() {
        let (mut desk, writer, _folder) = desk();
        let ids = SpanIds { trace: [1; 16], span: [2; 8], parent: [0; 8] };
        writer.write(Kind::SpanStarted, 1, &[&ids.encode()]).unwrap();
        end(&writer, 1, "served");
        desk.listen(Instant::now());
        assert!(desk.is_over("served"));
        assert!(!desk.is_over("the next"));
    }

    #[tokio::test]
    async fn an_end_that_comes_after_what_had_ended_was_sent_ends_its_own_invocation_only() {
        let (mut desk, writer, _folder) = desk();
        let now = Instant::now();
        desk.send_ended("served", now);
        end(&writer, 1, "served");
        desk.listen(now);
        assert!(!desk.is_over("the next"));
        end(&writer, 2, "the next");
        desk.listen(now);
        assert!(desk.is_over("the next"));
    }
}
