//! What is to be delivered, vendor by vendor: batches, their labels, and what answers do to them (D5, D6).

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use crudder_recorder::{Counter, DECLINED, Reader, Stats, UNDECIDED, Vendor, WriterId};
use tokio::time::{Duration, Instant};

use crate::answer::Answer;
use crate::config::Config;
use crate::courier::{Courier, Parcel, Returned};
use crate::gate::Gate;
use crate::keys::{KeyError, KeySource};
use crate::letters::{self, Letter, name};
use crate::spool::{Spool, Spooled};
use crate::table::Process;
use crate::unit::{Cargo, Unit};
use crate::{honeycomb, log};

/// A batch's spans: enough to be worth a request, few enough that its letter fits one line when it dies.
const BATCH_BYTES: usize = 128 << 10;
/// A batch's spans, where they are small.
const BATCH_UNITS: usize = 512;
/// Dense traffic is told in batches at most this old,
const OLDEST: Duration = Duration::from_secs(1);
/// or this large.
const LARGEST: usize = 256 << 10;
/// How often a 500 is tried again: the standard says never, vendors say it in passing.
const BROKEN_TRIES: u8 = 2;

/// What the outbox works with, none of it its own.
pub(crate) struct Tools<'a> {
    pub(crate) reader: &'a mut Reader,
    pub(crate) processes: &'a HashMap<WriterId, Process>,
    pub(crate) config: &'a Config,
    pub(crate) now: Instant,
}

enum Key {
    /// Nothing is sent to this vendor.
    Off,
    Ready(String),
    Unfetched(KeySource),
    Fetching(KeySource),
}

/// A batch that has a number and has not been acknowledged.
struct Flight {
    batch: u64,
    units: Vec<Unit>,
    parcel: Parcel,
    /// The file it lies in, when it was spooled.
    spooled: Option<Spooled>,
    is_under_way: bool,
    /// An attempt had no answer: the vendor may hold it.
    in_doubt: bool,
    broken: u8,
    /// What it tells of losses.
    losses: Option<Stats>,
}

struct Lane {
    vendor: Vendor,
    key: Key,
    gate: Gate,
    queue: VecDeque<Unit>,
    flight: Option<Flight>,
    most_units: usize,
}

/// All lanes.
pub(crate) struct Outbox {
    lanes: [Lane; 3],
    spool: Spool,
    pub(crate) courier: Courier,
}

impl Outbox {
    /// An outbox over this ring; what is spooled beside it is acknowledged in the ring, in case a killed life had no time to.
    pub(crate) fn new(config: &Config, reader: &mut Reader) -> Self {
        let spool = Spool::beside(&config.recorder);
        for spooled in &spool.batches {
            if reader.acknowledged(spooled.vendor) < spooled.batch {
                reader.set_acknowledged(spooled.vendor, spooled.batch);
            }
        }
        let lanes = Vendor::ALL.map(|vendor| Lane {
            vendor,
            key: key_of(vendor, config),
            gate: Gate::default(),
            queue: VecDeque::new(),
            flight: None,
            most_units: most_units(vendor),
        });
        Self { lanes, spool, courier: Courier::new() }
    }

    fn lane(&mut self, vendor: Vendor) -> &mut Lane {
        &mut self.lanes[vendor as usize]
    }

    /// Whether anything is sent to this vendor at all.
    pub(crate) fn takes(&self, vendor: Vendor) -> bool {
        !matches!(self.lanes[vendor as usize].key, Key::Off)
    }

    /// Queues a unit, unless a former life has dealt with it or its vendor is off.
    pub(crate) fn put(&mut self, vendor: Vendor, mut unit: Unit, reader: &mut Reader) {
        if reader.is_resolved_for(unit.position, vendor) {
            return;
        }
        if !self.takes(vendor) {
            unit.positions().for_each(|position| reader.set_label(position, vendor, DECLINED));
            return;
        }
        // A label above what was attempted is of a batch that never left; its number will be another batch's.
        let last = reader.attempted(vendor).max(reader.acknowledged(vendor));
        for position in unit.positions() {
            if u64::from(reader.label(position, vendor)) > last {
                reader.set_label(position, vendor, UNDECIDED);
            }
        }
        unit.in_doubt = reader.label(unit.position, vendor) != UNDECIDED;
        self.lane(vendor).queue.push_back(unit);
    }

    /// Whether something should go before the next freeze, or is on its way and may.
    pub(crate) fn is_urgent(&self, now: Instant) -> bool {
        let presses = |lane: &Lane| lane.has_work() && (lane.vendor != Vendor::Honeycomb || lane.has_error());
        self.lanes.iter().any(|lane| lane.is_ready(now) && presses(lane))
    }

    /// Whether something is queued or on its way to a vendor that takes it now.
    pub(crate) fn has_work(&self, now: Instant) -> bool {
        self.lanes.iter().any(|lane| lane.is_ready(now) && lane.has_work()) || !self.spooled_and_open(now).is_empty()
    }

    /// Whether what was held back for dense traffic is old or large enough.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.lanes.iter().any(|lane| {
            let oldest = lane.queue.front().is_some_and(|unit| now.duration_since(unit.since) >= OLDEST);
            oldest || lane.queue.iter().map(Unit::bytes).sum::<usize>() >= LARGEST
        })
    }

    /// The end is near: each vendor is asked once more, however it fared.
    pub(crate) fn open_gates(&mut self) {
        self.lanes.iter_mut().for_each(|lane| lane.gate.open());
    }

    /// When a closed gate with something behind it opens.
    pub(crate) fn opens_at(&self) -> Option<Instant> {
        self.lanes.iter().filter(|lane| lane.has_work()).filter_map(|lane| lane.gate.opens_at()).min()
    }

    /// Whether units of this process are still to be told.
    pub(crate) fn needs(&self, writer: WriterId) -> bool {
        let of_writer = |unit: &Unit| matches!(unit.cargo, Cargo::Recorded { process, .. } | Cargo::Made { process, .. } if process == writer);
        self.lanes
            .iter()
            .any(|lane| lane.queue.iter().chain(lane.flight.iter().flat_map(|flight| &flight.units)).any(of_writer))
    }

    /// Sends whatever can go now. One batch a vendor is under way at a time.
    pub(crate) fn send(&mut self, tools: &mut Tools<'_>) {
        for vendor in Vendor::ALL {
            self.send_to(vendor, tools);
        }
    }

    fn send_to(&mut self, vendor: Vendor, tools: &mut Tools<'_>) {
        let lane = &mut self.lanes[vendor as usize];
        if !lane.is_ready(tools.now) || lane.flight.as_ref().is_some_and(|flight| flight.is_under_way) {
            return;
        }
        if lane.flight.is_none() {
            lane.flight = self.spool.oldest(vendor).and_then(|spooled| from_spool(&mut self.spool, spooled));
        }
        if lane.flight.is_none() {
            lane.form(tools);
        }
        let (Some(flight), key) = (&mut lane.flight, &lane.key) else { return };
        let key = match key {
            Key::Ready(key) => key.clone(),
            Key::Unfetched(source) => {
                let source = source.clone();
                self.courier.fetch_key(vendor, source.clone(), tools.config);
                lane.key = Key::Fetching(source);
                return;
            }
            Key::Off | Key::Fetching(_) => return,
        };
        if flight.in_doubt {
            let again = flight.units.len().max(flight.spooled.as_ref().map_or(0, |spooled| spooled.items));
            tools.reader.count(Counter::Doubtful, again as u64);
        }
        match &flight.spooled {
            Some(spooled) => flight.spooled = Some(self.spool.mark(spooled, true)),
            None => tools.reader.set_attempted(vendor, flight.batch),
        }
        flight.is_under_way = true;
        self.courier.send(vendor, flight.parcel.clone(), &key, tools.config);
    }

    /// Acts on what came back.
    pub(crate) fn settle(&mut self, returned: Returned, tools: &mut Tools<'_>) {
        match returned {
            Returned::Answer { vendor, answer } => self.answered(vendor, answer, tools),
            Returned::Key { vendor, key: Ok(key) } => self.lane(vendor).key = Key::Ready(key),
            Returned::Key { vendor, key: Err(why) } => self.no_key(vendor, &why, tools),
        }
    }

    fn no_key(&mut self, vendor: Vendor, why: &KeyError, tools: &mut Tools<'_>) {
        let lane = self.lane(vendor);
        if why.is_passing()
            && let Key::Fetching(source) = &lane.key
        {
            lane.key = Key::Unfetched(source.clone());
            lane.gate.close(tools.now, None, 1);
            return;
        }
        let fields =
            [("vendor", name(vendor).into()), ("variable", variable(vendor).into()), ("error", log::chain(why).into())];
        log::error("a vendor is off: its key can't be had", fields);
        self.turn_off(vendor, tools);
    }

    /// Declines all that was meant for a vendor that has no use for our key.
    fn turn_off(&mut self, vendor: Vendor, tools: &mut Tools<'_>) {
        let lane = self.lane(vendor);
        lane.key = Key::Off;
        let flight = lane.flight.take();
        let of_ring = flight.into_iter().flat_map(|flight| flight.units).chain(lane.queue.drain(..));
        let mut refused = 0;
        for unit in of_ring {
            unit.positions().for_each(|position| tools.reader.set_label(position, vendor, DECLINED));
            refused += 1;
        }
        tools.reader.count(Counter::Refused, refused);
    }

    fn answered(&mut self, vendor: Vendor, answer: Answer, tools: &mut Tools<'_>) {
        let Some(mut flight) = self.lane(vendor).flight.take() else { return };
        flight.is_under_way = false;
        match answer {
            Answer::Taken { rejected, words } => self.taken(vendor, &flight, rejected, &words, tools),
            Answer::Silent { words } => {
                let fields = [("vendor", name(vendor).into()), ("error", words.into())];
                log::warn("a vendor did not answer", fields);
                flight.in_doubt = true;
                self.wait(vendor, flight, None, tools);
            }
            Answer::Later { after } => {
                self.not_attempted(vendor, &mut flight, tools);
                self.wait(vendor, flight, after, tools);
            }
            Answer::Broken if flight.broken < BROKEN_TRIES => {
                flight.broken += 1;
                self.not_attempted(vendor, &mut flight, tools);
                self.wait(vendor, flight, None, tools);
            }
            Answer::Broken => self.bury(flight, vendor, "500 three times", tools),
            Answer::KeyRefused { status } => {
                let fields =
                    [("vendor", name(vendor).into()), ("variable", variable(vendor).into()), ("status", status.into())];
                log::error("a vendor is off: it refuses the key", fields);
                self.lane(vendor).flight = Some(flight);
                self.turn_off(vendor, tools);
            }
            Answer::Never { may_be_one: true, .. } if flight.units.len() > 1 => self.halve(vendor, flight, tools),
            Answer::Never { status, may_be_one } => {
                self.bury(flight, vendor, &format!("refused with {status}"), tools);
                if !may_be_one {
                    // An address that is wrong is wrong for every batch: no hurry with the next.
                    self.lane(vendor).gate.close(tools.now, None, u64::from(status));
                }
            }
        }
    }

    fn taken(&mut self, vendor: Vendor, flight: &Flight, rejected: u64, words: &str, tools: &mut Tools<'_>) {
        match &flight.spooled {
            Some(spooled) => self.spool.remove(spooled),
            None => tools.reader.set_acknowledged(vendor, flight.batch),
        }
        if let Some(losses) = &flight.losses {
            tools.reader.note_reported(losses);
        }
        if rejected > 0 || !words.is_empty() {
            tools.reader.count(Counter::Rejected, rejected);
            let fields = [("vendor", name(vendor).into()), ("rejected", rejected.into()), ("words", words.into())];
            log::warn("a vendor took a batch in part", fields);
        }
        let lane = self.lane(vendor);
        lane.gate.open();
        lane.most_units = (lane.most_units * 2).min(most_units(vendor));
    }

    /// The vendor said that it has nothing of this batch: no doubt is left, unless an earlier attempt left one.
    fn not_attempted(&mut self, vendor: Vendor, flight: &mut Flight, tools: &mut Tools<'_>) {
        if flight.in_doubt {
            return;
        }
        match &flight.spooled {
            Some(spooled) => flight.spooled = Some(self.spool.mark(spooled, false)),
            None => tools.reader.set_attempted(vendor, flight.batch - 1),
        }
    }

    fn wait(&mut self, vendor: Vendor, flight: Flight, after: Option<Duration>, tools: &Tools<'_>) {
        let lane = self.lane(vendor);
        lane.gate.close(tools.now, after, flight.batch);
        lane.flight = Some(flight);
    }

    /// A batch that is refused for good goes again by halves, until the one that the vendor won't have is alone.
    fn halve(&mut self, vendor: Vendor, mut flight: Flight, tools: &mut Tools<'_>) {
        self.not_attempted(vendor, &mut flight, tools);
        let lane = self.lane(vendor);
        lane.most_units = (flight.units.len() / 2).max(1);
        for mut unit in flight.units.into_iter().rev() {
            unit.positions().for_each(|position| tools.reader.set_label(position, vendor, UNDECIDED));
            unit.in_doubt = false;
            lane.queue.push_front(unit);
        }
    }

    /// Prints a batch as a dead letter, then acknowledges it.
    fn bury(&mut self, flight: Flight, vendor: Vendor, reason: &str, tools: &mut Tools<'_>) {
        let items = flight.spooled.as_ref().map_or(flight.units.len(), |spooled| spooled.items);
        if flight.spooled.is_none() {
            // Printed and not yet acknowledged is in doubt, too (D7).
            tools.reader.set_attempted(vendor, flight.batch);
        }
        letters::print(&Letter { vendor, items, reason, packed: &flight.parcel.packed() });
        tools.reader.count(Counter::DeadLettered, items as u64);
        match &flight.spooled {
            Some(spooled) => self.spool.remove(spooled),
            None => tools.reader.set_acknowledged(vendor, flight.batch),
        }
    }

    /// Makes room in a ring that fills because vendors don't take what is in it: one batch a vendor goes to the spool.
    pub(crate) fn relieve(&mut self, tools: &mut Tools<'_>) {
        for vendor in Vendor::ALL {
            let lane = &mut self.lanes[vendor as usize];
            if matches!(lane.key, Key::Off) || lane.gate.is_open(tools.now) {
                continue;
            }
            if lane.flight.as_ref().is_some_and(|flight| flight.spooled.is_some()) {
                lane.flight = None;
            }
            if lane.flight.is_none() {
                lane.form(tools);
            }
            if let Some(flight) = lane.flight.take() {
                self.set_down(vendor, flight, tools);
            }
        }
    }

    /// Writes a batch of the ring into the spool, or, where that is full, gives up what is worth least.
    fn set_down(&mut self, vendor: Vendor, flight: Flight, tools: &mut Tools<'_>) {
        let packed = flight.parcel.packed();
        while !self.spool.has_room_for(packed.len()) {
            let Some(spooled) = self.spool.expendable() else { break };
            self.give_up(&spooled, tools);
        }
        let spooled = Spooled {
            vendor,
            batch: flight.batch,
            items: flight.units.len(),
            has_error: flight.units.iter().any(|unit| unit.has_error),
            was_tried: flight.in_doubt,
            bytes: packed.len() as u64,
        };
        match self.spool.put(spooled, &packed) {
            Ok(()) => tools.reader.set_acknowledged(vendor, flight.batch),
            Err(error) => {
                log::warn("the spool can't be written", [("error", error.to_string().into())]);
                self.bury(flight, vendor, "no room", tools);
            }
        }
    }

    fn give_up(&mut self, spooled: &Spooled, tools: &mut Tools<'_>) {
        match self.spool.load(spooled) {
            Ok(packed) => {
                letters::print(&Letter {
                    vendor: spooled.vendor,
                    items: spooled.items,
                    reason: "no room",
                    packed: &packed,
                });
                tools.reader.count(Counter::DeadLettered, spooled.items as u64);
            }
            Err(error) => log::error("a spooled batch can't be read", [("error", error.to_string().into())]),
        }
        self.spool.remove(spooled);
    }

    /// The end: what no vendor has taken is printed.
    pub(crate) fn give_all_up(&mut self, tools: &mut Tools<'_>) {
        for vendor in Vendor::ALL {
            loop {
                let lane = self.lane(vendor);
                if matches!(lane.key, Key::Off) {
                    break;
                }
                if lane.flight.is_none() {
                    lane.form(tools);
                }
                let Some(flight) = lane.flight.take() else { break };
                if flight.is_under_way || flight.in_doubt {
                    tools.reader.count(Counter::Doubtful, flight.units.len() as u64);
                }
                self.bury(flight, vendor, "not answered before the end", tools);
            }
        }
        while let Some(spooled) = self.spool.batches.first().cloned() {
            self.give_up(&spooled, tools);
        }
    }

    fn spooled_and_open(&self, now: Instant) -> Vec<Vendor> {
        Vendor::ALL
            .into_iter()
            .filter(|vendor| self.lanes[*vendor as usize].is_ready(now) && self.spool.oldest(*vendor).is_some())
            .collect()
    }
}

impl Lane {
    fn is_ready(&self, now: Instant) -> bool {
        !matches!(self.key, Key::Off) && self.gate.is_open(now)
    }

    fn has_work(&self) -> bool {
        !self.queue.is_empty() || self.flight.is_some()
    }

    fn has_error(&self) -> bool {
        let in_flight = self.flight.iter().flat_map(|flight| &flight.units);
        self.queue.iter().chain(in_flight).any(|unit| unit.has_error)
    }

    /// Gives the next batch its number and its records their labels. A batch that a former life may have delivered keeps
    /// its number and its records.
    fn form(&mut self, tools: &mut Tools<'_>) {
        let vendor = self.vendor;
        let (attempted, acknowledged) = (tools.reader.attempted(vendor), tools.reader.acknowledged(vendor));
        let in_doubt = self.queue.iter().any(|unit| unit.in_doubt);
        let units: Vec<Unit> = if in_doubt {
            let (doubtful, rest): (Vec<_>, Vec<_>) = self.queue.drain(..).partition(|unit| unit.in_doubt);
            self.queue = rest.into();
            doubtful
        } else {
            self.take_some()
        };
        if units.is_empty() {
            return;
        }
        let batch = if in_doubt { attempted } else { attempted.max(acknowledged) + 1 };
        // Numbers are given one at a time; four billion batches are more than an environment sends in its life.
        let label = u32::try_from(batch).unwrap_or(u32::MAX);
        for position in units.iter().flat_map(Unit::positions) {
            tools.reader.set_label(position, vendor, label);
        }
        let losses = (vendor == Vendor::Honeycomb).then(|| tools.reader.stats());
        let parcel = parcel(vendor, &units, losses.as_ref(), tools);
        self.flight =
            Some(Flight { batch, units, parcel, spooled: None, is_under_way: false, in_doubt, broken: 0, losses });
    }

    fn take_some(&mut self) -> Vec<Unit> {
        let (mut units, mut bytes) = (Vec::new(), 0);
        while let Some(unit) = self.queue.front() {
            bytes += unit.bytes();
            if !units.is_empty() && (bytes > BATCH_BYTES || units.len() >= self.most_units) {
                break;
            }
            units.extend(self.queue.pop_front());
        }
        units
    }
}

fn parcel(vendor: Vendor, units: &[Unit], losses: Option<&Stats>, tools: &Tools<'_>) -> Parcel {
    match (vendor, units.first().map(|unit| &unit.cargo)) {
        (Vendor::XRay, Some(cargo)) => Parcel::Datagrams(cargo.clone()),
        (Vendor::Rollbar, Some(Cargo::Item(item))) => Parcel::Item(item.clone()),
        _ => {
            let fresh = losses.map(|losses| losses.since(&tools.reader.reported())).unwrap_or_default();
            let service = tools.config.honeycomb.service.as_deref();
            let body = honeycomb::body(units, tools.reader, tools.processes, service, &fresh);
            Parcel::Spans { body, packed: false }
        }
    }
}

fn from_spool(spool: &mut Spool, spooled: Spooled) -> Option<Flight> {
    let Ok(packed) = spool.load(&spooled) else {
        spool.remove(&spooled);
        return None;
    };
    let unpacked = || letters::unpack(&packed).map(Bytes::from);
    let parcel = match spooled.vendor {
        Vendor::Honeycomb => Parcel::Spans { body: packed.into(), packed: true },
        Vendor::Rollbar => Parcel::Item(unpacked()?),
        Vendor::XRay => {
            let datagrams = unpacked()?.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
            // Header and document are a line each.
            let datagrams = datagrams.chunks(2).map(|lines| lines.join(&b'\n')).collect();
            Parcel::Datagrams(Cargo::Datagrams { daemon: None, datagrams })
        }
    };
    let in_doubt = spooled.was_tried;
    Some(Flight {
        batch: spooled.batch,
        units: Vec::new(),
        parcel,
        spooled: Some(spooled),
        is_under_way: false,
        in_doubt,
        broken: 0,
        losses: None,
    })
}

fn most_units(vendor: Vendor) -> usize {
    match vendor {
        Vendor::Honeycomb => BATCH_UNITS,
        // One item a request; one dead invocation's documents at a time.
        Vendor::Rollbar | Vendor::XRay => 1,
    }
}

fn key_of(vendor: Vendor, config: &Config) -> Key {
    let source = match vendor {
        Vendor::Honeycomb => config.honeycomb.key.clone(),
        Vendor::Rollbar => config.rollbar.token.clone(),
        // The daemon takes no key, and the API the role's.
        Vendor::XRay => return Key::Ready(String::new()),
    };
    match source {
        None => {
            log::warn(
                "a vendor is off: it has no key",
                [("vendor", name(vendor).into()), ("variable", variable(vendor).into())],
            );
            Key::Off
        }
        Some(KeySource::Value(key)) => Key::Ready(key),
        Some(source) => Key::Unfetched(source),
    }
}

/// The variable that an operator has to mend.
fn variable(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Honeycomb => "HONEYCOMB_API_KEY",
        Vendor::Rollbar => "ROLLBAR_ACCESS_TOKEN",
        Vendor::XRay => "AWS_XRAY_DAEMON_ADDRESS",
    }
}
