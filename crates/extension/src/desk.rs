//! Everything the layer knows, and what it does about it: reads the ring, judges the dead, hands what is over to the outbox.

use std::collections::{BTreeMap, VecDeque};
use std::time::{SystemTime, UNIX_EPOCH};

use crudder_recorder::{DECLINED, Kind, Reader, Reason, Record, SpanIds, Vendor, Verdict, WriterId};
use tokio::time::Instant;

use crate::config::Config;
use crate::courier::Returned;
use crate::outbox::{Outbox, Tools};
use crate::platform::{PlatformEvent, Status};
use crate::table::{Death, Invocation, Key, Report, Table};
use crate::tell::Teller;
use crate::unit::{Cargo, Unit};
use crate::{judge, log};

/// Invocations that are over and may still be judged: an answer too large, a crash while posting.
const REMEMBERED: usize = 64;
/// Records carried at one go; a ring that holds more open ones than this is too small for its load.
const MOST_CARRIED: usize = 256;

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
}

impl Desk {
    /// Takes up what an earlier life in this environment left (D3).
    pub(crate) fn new(config: Config, mut reader: Reader, now: Instant) -> Self {
        let outbox = Outbox::new(&config, &mut reader);
        let table = Table::default();
        let mut desk = Self { reader, table, outbox, config, over: VecDeque::new(), init_is_judged: false };
        desk.rebuild();
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

    fn rebuild(&mut self) {
        let mut found = Vec::new();
        while let Some(record) = self.reader.read() {
            found.push((record.origin, record.position));
        }
        found.sort_unstable();
        for (_, position) in found {
            if let Some(record) = self.reader.record(position) {
                self.table.apply(&record);
            }
        }
    }

    /// Reads what is new in the ring, and hands on what is over by it.
    pub(crate) fn listen(&mut self, now: Instant) {
        self.reader.heard_bell();
        while let Some(record) = self.reader.read() {
            let key = Key { writer: record.writer, index: record.invocation };
            let is_outside = key.index == 0 && !matches!(record.kind, Kind::ProcessStarted | Kind::Verdict);
            let over = self.over.iter().rposition(|(known, _)| *known == key);
            if !is_outside && over.is_none() {
                self.table.apply(&record);
                continue;
            }
            let straggler = Straggler::of(&record);
            self.late(key, over, straggler, now);
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

    /// A record of an invocation that is over: a span that outlived it, a note, a verdict on how its answer fared.
    fn late(&mut self, key: Key, over: Option<usize>, straggler: Straggler, now: Instant) {
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
                self.reader.set_label(position, vendor, DECLINED);
            }
        }
        if straggler.span.is_some() && !was_told {
            let bytes = straggler.bytes;
            let cargo = Cargo::Recorded { process: key.writer, trailer: Vec::new(), bytes };
            let unit = Unit { position, also: Vec::new(), cargo, has_error: false, since: now, in_doubt: false };
            self.outbox.put(Vendor::Honeycomb, unit, &mut self.reader);
        }
    }

    /// Whether this request is over, by the ring.
    pub(crate) fn is_over(&self, request_id: &str) -> bool {
        let has_ended = |key: Key| self.table.invocations.get(&key).is_some_and(|found| found.ended.is_some());
        self.over.iter().any(|(_, invocation)| invocation.request_id == request_id)
            || self.table.by_request(request_id).is_some_and(has_ended)
    }

    /// Whether the process that serves this request is gone, as far as the ring can tell.
    pub(crate) fn is_gone(&self, request_id: &str) -> bool {
        match self.table.by_request(request_id) {
            Some(key) => !self.reader.is_alive(key.writer),
            // It died before it could say whose request it has.
            None => {
                let mut writers = self.table.processes.keys().filter(|writer| **writer != WriterId::LAYER).peekable();
                writers.peek().is_some() && !writers.any(|writer| self.reader.is_alive(*writer))
            }
        }
    }

    /// Before a deadline: what has ended leaves, what is open stays for the verdict.
    pub(crate) fn send_ended(&mut self, request_id: &str, now: Instant) {
        let Some(key) = self.table.by_request(request_id) else { return };
        let Self { reader, table, outbox, config, .. } = self;
        if let Some(invocation) = table.invocations.get_mut(&key) {
            Teller { reader, outbox, config, now }.ended_spans(key, invocation);
        }
    }

    /// Hears the platform.
    pub(crate) fn hear(&mut self, event: &PlatformEvent, now: Instant) {
        self.listen(now);
        match event {
            PlatformEvent::RuntimeDone { request_id, status, error_type, at }
            | PlatformEvent::Report { request_id, status, error_type, at } => {
                self.runtime_done(request_id, *status, error_type, *at);
            }
            PlatformEvent::InitDone { status, error_type, at } => {
                if let Some(reason) = judge::of_platform(*status, error_type, false) {
                    self.init_failed(reason, error_type, *at);
                }
            }
        }
        self.listen(now);
    }

    fn runtime_done(&mut self, request_id: &str, status: Status, error_type: &str, at: SystemTime) {
        if let Some(key) = self.table.by_request(request_id) {
            let ended = self.table.invocations.get(&key).is_some_and(|invocation| invocation.ended.is_some());
            match judge::of_platform(status, error_type, ended) {
                Some(reason) => self.judge(key, reason, error_type, nanoseconds(at)),
                // Its end was written before its answer was: where the ring has none, it was dropped.
                None => self.table.invocations.entry(key).or_default().is_left = true,
            }
            return;
        }
        let over = self.over.iter().find(|(_, invocation)| invocation.request_id == request_id);
        if let Some((key, invocation)) = over
            && invocation.death.is_none()
            && let Some(reason) = judge::of_platform(status, error_type, true)
        {
            self.judge(*key, reason, error_type, nanoseconds(at));
        }
    }

    /// Whether something was cut off, and nobody has said yet by what.
    pub(crate) fn awaits_a_verdict(&self) -> bool {
        self.table.open().any(|(_, invocation)| invocation.ended.is_none())
    }

    /// Writes the verdict into the ring; reading it again is what acts on it (D4).
    fn judge(&mut self, key: Key, reason: Reason, detail: &str, at_unix_nano: u64) {
        let known = self
            .table
            .invocations
            .get(&key)
            .or_else(|| self.over.iter().find(|(known, _)| *known == key).map(|(_, invocation)| invocation));
        let Some(known) = known.filter(|known| known.death.is_none()) else { return };
        let at_unix_nano = at_unix_nano.max(known.started_unix_nano);
        let verdict = Verdict { at_unix_nano, reason, trace: known.trace, request_id: &known.request_id, detail };
        let mut payload = Vec::new();
        verdict.encode(&mut payload);
        if self.reader.append(Kind::Verdict, key.writer, key.index, &[&payload]).is_err() {
            // No room even in the headroom: this life knows it all the same.
            let death = Death { position: u64::MAX, at_unix_nano, reason, detail: detail.to_owned() };
            if let Some(invocation) = self.table.invocations.get_mut(&key) {
                invocation.death = Some(death);
            }
        }
    }

    /// SHUTDOWN: whatever is open now was cut off.
    pub(crate) fn hear_shutdown(&mut self, reason: &str, now: Instant, wall: SystemTime) {
        self.listen(now);
        let open: Vec<(Key, Reason)> = self
            .table
            .open()
            .filter(|(_, invocation)| invocation.ended.is_none())
            .map(|(key, invocation)| (*key, shutdown_reason(reason, invocation, wall)))
            .collect();
        for (key, why) in open {
            self.judge(key, why, "", nanoseconds(wall));
        }
        if !reason.eq_ignore_ascii_case("spindown") {
            self.init_failed(shutdown_reason(reason, &Invocation::default(), wall), "", wall);
        }
        self.listen(now);
        // What has ended and still has open spans will never close them.
        let left: Vec<Key> = self.table.invocations.keys().copied().collect();
        for key in left {
            self.conclude(key, now);
        }
    }

    /// An init that did not come to its first invocation. A process that lives on, or was judged, is left alone.
    fn init_failed(&mut self, reason: Reason, detail: &str, at: SystemTime) {
        let unborn = self.table.processes.iter().find(|(_, process)| !process.has_served && !process.is_judged);
        let unborn = unborn.map(|(writer, process)| (*writer, process.started_unix_nano));
        let others = self.table.processes.iter().filter(|(writer, _)| **writer != WriterId::LAYER);
        let is_known = others.into_iter().any(|(_, process)| process.has_served || process.is_judged);
        // A process that died before it opened the ring is known by the platform's word alone.
        let unseen = !is_known && !self.init_is_judged && !detail.is_empty();
        let Some((writer, started)) = unborn.or(unseen.then_some((WriterId::LAYER, 0))) else { return };
        if writer != WriterId::LAYER && detail.is_empty() && self.reader.is_alive(writer) {
            return;
        }
        self.init_is_judged = true;
        let at_unix_nano = nanoseconds(at);
        let trace = init_trace(writer, started.max(1), at_unix_nano);
        let mut payload = Vec::new();
        Verdict { at_unix_nano, reason, trace, request_id: "", detail }.encode(&mut payload);
        if let Err(why) = self.reader.append(Kind::Verdict, writer, 0, &[&payload]) {
            log::warn("a death in init could not be recorded", [("error", why.to_string().into())]);
        }
    }

    /// Invocations of processes that are gone, with nobody left to say how: found by a next life, or without the Telemetry API.
    pub(crate) fn judge_the_gone(&mut self, wall: SystemTime) {
        let gone: Vec<(Key, Reason, u64)> = self
            .table
            .open()
            .filter(|(key, invocation)| invocation.has_started && !self.reader.is_alive(key.writer))
            .map(|(key, invocation)| {
                let at = judge::time_unseen(invocation, nanoseconds(wall));
                (*key, judge::of_circumstances(invocation, wall), at)
            })
            .collect();
        for (key, reason, at) in gone {
            self.judge(key, reason, "", at);
        }
    }

    /// Frees what is done with, carries what must stay, relieves the ring of what nobody takes.
    fn tidy(&mut self, now: Instant) {
        self.reader.free_resolved();
        if !self.reader.stats().is_half_full() {
            return;
        }
        self.bury_processes();
        self.carry();
        if self.reader.stats().is_half_full() {
            let (outbox, mut tools) = self.tools(now);
            outbox.relieve(&mut tools);
            self.reader.free_resolved();
        }
    }

    /// Processes that are gone and have nothing left to tell need no resource any more.
    fn bury_processes(&mut self) {
        let Self { reader, table, outbox, .. } = self;
        table.processes.retain(|writer, process| {
            let is_needed = reader.is_alive(*writer)
                || outbox.needs(*writer)
                || table.invocations.keys().any(|key| key.writer == *writer);
            if !is_needed {
                Vendor::ALL.into_iter().for_each(|vendor| reader.set_label(process.position, vendor, DECLINED));
            }
            is_needed
        });
    }

    /// Copies open records from the front of the ring to its tail, as long as they alone hold it up.
    fn carry(&mut self) {
        for _ in 0..MOST_CARRIED {
            let front = self.reader.free_resolved();
            let Some(record) = self.reader.record(front) else { return };
            let key = Key { writer: record.writer, index: record.invocation };
            let is_open = self.table.invocations.contains_key(&key);
            let is_process = record.kind == Kind::ProcessStarted;
            let was_carried = record.origin != record.position;
            if !(is_open || is_process) || (was_carried && !self.reader.stats().is_half_full()) {
                return;
            }
            match self.reader.carry(front) {
                Ok(Some(_)) => (),
                Ok(None) => return,
                Err(why) => {
                    return log::warn(
                        "the recorder has no room to carry a record",
                        [("error", why.to_string().into())],
                    );
                }
            }
            while let Some(copy) = self.reader.read() {
                self.table.apply(&copy);
            }
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
        outbox.send(&mut tools);
        self.reader.free_resolved();
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

/// What is kept of a record that came after its invocation was over.
struct Straggler {
    position: u64,
    /// The span that has ended.
    span: Option<[u8; 8]>,
    bytes: usize,
    is_event: bool,
    death: Option<Death>,
}

impl Straggler {
    fn of(record: &Record<'_>) -> Self {
        let ids = SpanIds::split(record.payload).ok().filter(|_| record.kind == Kind::SpanEnded);
        let verdict = (record.kind == Kind::Verdict).then(|| Verdict::decode(record.payload).ok()).flatten();
        let position = record.position;
        let death = verdict.map(|verdict| Death {
            position,
            at_unix_nano: verdict.at_unix_nano,
            reason: verdict.reason,
            detail: verdict.detail.to_owned(),
        });
        let is_event = record.kind == Kind::Event;
        Self { position, span: ids.map(|(ids, _)| ids.span), bytes: record.payload.len(), is_event, death }
    }
}

fn shutdown_reason(reason: &str, invocation: &Invocation, wall: SystemTime) -> Reason {
    if reason.eq_ignore_ascii_case("timeout") {
        return Reason::Timeout;
    }
    judge::of_circumstances(invocation, wall)
}

/// A death in init has a trace of its own, the same in every life: made of who died and when it began.
fn init_trace(writer: WriterId, started: u64, at_unix_nano: u64) -> [u8; 16] {
    let seconds = u32::try_from(at_unix_nano / 1_000_000_000).unwrap_or(u32::MAX);
    let name = format!("init:{}:{started}:{at_unix_nano}", writer.number());
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, name.as_bytes());
    let mut trace = [0; 16];
    trace[..4].copy_from_slice(&seconds.to_be_bytes());
    trace[4..].copy_from_slice(&digest.as_ref()[..12]);
    trace
}

pub(crate) fn nanoseconds(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}
