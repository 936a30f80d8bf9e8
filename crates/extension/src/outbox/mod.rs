//! What is to be delivered, vendor by vendor: batches, their labels, and what answers do to them (D5, D6).

mod answers;
mod lane;
mod queue;
mod relief;

use std::collections::HashMap;

use crudder_recorder::{Counter, PENDING, Reader, SKIPPED, WriterId};
use tokio::time::{Duration, Instant};

use self::lane::{Key, Lane};
pub(crate) use self::relief::parcel_of;
use crate::config::Config;
use crate::courier::Courier;
use crate::spool::Spool;
use crate::table::Process;
use crate::unit::{Cargo, Unit};
use crate::vendor::Vendor;

/// Packed, encoded and printed: meant to be on the safe side for a fourteenth of a processor, and not measured on one.
const PRINTED_A_SECOND: u64 = 2 << 20;

/// What the outbox works with, none of it its own.
pub(crate) struct Tools<'a> {
    pub(crate) reader: &'a mut Reader,
    pub(crate) processes: &'a HashMap<WriterId, Process>,
    pub(crate) config: &'a Config,
    pub(crate) now: Instant,
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
            if reader.acknowledged(spooled.vendor.sink()) < spooled.batch {
                reader.set_acknowledged(spooled.vendor.sink(), spooled.batch);
            }
        }
        let lanes = Vendor::ALL.map(|vendor| Lane::new(vendor, config));
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
        if reader.is_resolved_for(unit.position, vendor.sink()) {
            return;
        }
        if !self.takes(vendor) {
            unit.positions().for_each(|position| reader.set_batch(position, vendor.sink(), SKIPPED));
            return;
        }
        // A label above what was attempted is of a batch that never left; its number will be another batch's.
        let last = reader.attempted(vendor.sink()).max(reader.acknowledged(vendor.sink()));
        for position in unit.positions() {
            if u64::from(reader.batch(position, vendor.sink())) > last {
                reader.set_batch(position, vendor.sink(), PENDING);
            }
        }
        unit.in_doubt = reader.batch(unit.position, vendor.sink()) != PENDING;
        self.lane(vendor).queue.push_back(unit);
    }

    /// Whether something should go before the next freeze, or is on its way and may.
    pub(crate) fn is_urgent(&self, now: Instant) -> bool {
        let presses = |lane: &Lane| lane.has_work() && (lane.vendor != Vendor::Honeycomb || lane.has_error());
        self.lanes.iter().any(|lane| lane.is_ready(now) && presses(lane))
    }

    /// Whether something is queued or on its way to a vendor that takes it now.
    pub(crate) fn has_work(&self, now: Instant) -> bool {
        self.lanes.iter().any(|lane| lane.is_ready(now) && lane.has_work()) || self.has_spooled(now)
    }

    /// Whether holding `/next` for at most `patience` may get something answered.
    pub(crate) fn is_worth_waiting(&self, now: Instant, patience: Duration) -> bool {
        self.lanes.iter().any(|lane| lane.is_ready(now) && lane.may_be_answered_soon(now, patience))
    }

    /// Whether what was held back for dense traffic is old or large enough, or something is to be sent again.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.lanes.iter().any(|lane| lane.is_due(now)) || self.has_spooled(now)
    }

    /// What all that is still here would take to be printed.
    pub(crate) fn time_to_print(&self) -> Duration {
        let bytes = self.spool.bytes() + self.lanes.iter().map(|lane| lane.queue.bytes() as u64).sum::<u64>();
        Duration::from_millis(bytes * 1000 / PRINTED_A_SECOND)
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

    /// A record was carried: units of it bear, and read, its copy.
    pub(crate) fn moved(&mut self, from: u64, to: u64) {
        for lane in &mut self.lanes {
            let under_way = lane.flight.iter_mut().flat_map(|flight| &mut flight.units).flat_map(Unit::positions_mut);
            lane.queue.positions_mut().chain(under_way).filter(|position| **position == from).for_each(|it| *it = to);
        }
    }

    /// Sends whatever can go now. One batch a vendor is under way at a time.
    pub(crate) fn send(&mut self, tools: &mut Tools<'_>) {
        for vendor in Vendor::ALL {
            self.send_to(vendor, tools);
        }
    }

    fn send_to(&mut self, vendor: Vendor, tools: &mut Tools<'_>) {
        let lane = &mut self.lanes[vendor as usize];
        if !lane.is_ready(tools.now) || lane.flight.as_ref().is_some_and(|flight| flight.sent_at.is_some()) {
            return;
        }
        if lane.flight.is_none() {
            lane.flight = self.spool.oldest(vendor).and_then(|spooled| relief::from_spool(&mut self.spool, spooled));
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
            tools.reader.count(Counter::PossibleDuplicates, again as u64);
        }
        match &flight.spooled {
            Some(spooled) => flight.spooled = Some(self.spool.mark(spooled, true)),
            None => tools.reader.set_attempted(vendor.sink(), flight.batch),
        }
        flight.sent_at = Some(tools.now);
        self.courier.send(vendor, flight.parcel.clone(), &key, tools.config);
    }

    /// Whether a batch lies in the spool for a vendor that takes it now.
    fn has_spooled(&self, now: Instant) -> bool {
        self.spool.batches.iter().any(|spooled| self.lanes[spooled.vendor as usize].is_ready(now))
    }
}
