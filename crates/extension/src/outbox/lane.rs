//! One vendor's lane: its key, its queue, and the batch that is under way.

use crudder_recorder::Stats;
use tokio::time::{Duration, Instant};

use super::Tools;
use super::queue::Queue;
use crate::config::Config;
use crate::courier::Parcel;
use crate::gate::Gate;
use crate::keys::KeySource;
use crate::letters::name;
use crate::spool::Spooled;
use crate::unit::{Cargo, Unit};
use crate::vendor::Vendor;
use crate::{honeycomb, log};

/// A batch's spans: enough to be worth a request, few enough that its letter fits one line when it dies.
const BATCH_BYTES: usize = 128 << 10;
/// A batch's spans, where they are small.
const BATCH_UNITS: usize = 512;

/// Dense traffic is told in batches at most this old,
const OLDEST: Duration = Duration::from_secs(1);
/// or this large.
const LARGEST: usize = 256 << 10;

pub(super) enum Key {
    /// Nothing is sent to this vendor.
    Off,
    Ready(String),
    Unfetched(KeySource),
    Fetching(KeySource),
}

/// A batch that has a number and has not been acknowledged.
pub(super) struct Flight {
    pub(super) batch: u64,
    pub(super) units: Vec<Unit>,
    pub(super) has_error: bool,
    pub(super) parcel: Parcel,
    /// The file it lies in, when it was spooled.
    pub(super) spooled: Option<Spooled>,
    /// When it was sent, while its answer is awaited.
    pub(super) sent_at: Option<Instant>,
    /// An attempt had no answer: the vendor may hold it.
    pub(super) in_doubt: bool,
    pub(super) broken: u8,
    /// What it tells of losses.
    pub(super) losses: Option<Stats>,
}

pub(super) struct Lane {
    pub(super) vendor: Vendor,
    pub(super) key: Key,
    pub(super) gate: Gate,
    pub(super) queue: Queue,
    pub(super) flight: Option<Flight>,
    pub(super) most_units: usize,
}

impl Lane {
    pub(super) fn new(vendor: Vendor, config: &Config) -> Self {
        let (gate, most_units) = (Gate::default(), most_units(vendor));
        Self { vendor, key: key_of(vendor, config), gate, queue: Queue::default(), flight: None, most_units }
    }

    pub(super) fn is_ready(&self, now: Instant) -> bool {
        !matches!(self.key, Key::Off) && self.gate.is_open(now)
    }

    pub(super) fn has_work(&self) -> bool {
        !self.queue.is_empty() || self.flight.is_some()
    }

    /// Whether the queue is old or large enough to be sent in dense traffic, or a batch is to go again, whole or by halves.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        let is_old = self.queue.front().is_some_and(|unit| now.duration_since(unit.since) >= OLDEST);
        let goes_again = self.flight.as_ref().is_some_and(|flight| flight.sent_at.is_none());
        let is_halved = self.most_units < most_units(self.vendor) && !self.queue.is_empty();
        is_old || self.queue.bytes() >= LARGEST || goes_again || is_halved
    }

    /// Whether an answer may come soon. A vendor that has been silent for longer than `patience` is waited for in passing only.
    pub(super) fn may_be_answered_soon(&self, now: Instant, patience: Duration) -> bool {
        match self.flight.as_ref().and_then(|flight| flight.sent_at) {
            Some(sent_at) => now.duration_since(sent_at) < patience,
            None => self.has_work(),
        }
    }

    pub(super) fn has_error(&self) -> bool {
        self.queue.has_error() || self.flight.as_ref().is_some_and(|flight| flight.has_error)
    }

    /// Gives the next batch its number and its records their labels. A batch that a former life may have delivered keeps
    /// its number and its records.
    pub(super) fn form(&mut self, tools: &mut Tools<'_>) {
        let vendor = self.vendor;
        let (attempted, acknowledged) =
            (tools.reader.attempted(vendor.sink()), tools.reader.acknowledged(vendor.sink()));
        let in_doubt = self.queue.has_doubt();
        let units = if in_doubt { self.queue.take_doubtful() } else { self.take_some() };
        if units.is_empty() {
            return;
        }
        let has_error = units.iter().any(|unit| unit.has_error);
        let batch = if in_doubt { attempted } else { attempted.max(acknowledged) + 1 };
        // Numbers are given one at a time; four billion batches are more than an environment sends in its life.
        let label = u32::try_from(batch).unwrap_or(u32::MAX);
        for position in units.iter().flat_map(Unit::positions) {
            tools.reader.set_batch(position, vendor.sink(), label);
        }
        let losses = (vendor == Vendor::Honeycomb).then(|| tools.reader.stats());
        let parcel = parcel(vendor, &units, losses.as_ref(), tools);
        self.flight =
            Some(Flight { batch, units, has_error, parcel, spooled: None, sent_at: None, in_doubt, broken: 0, losses });
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
        (Vendor::XRay, Some(Cargo::Datagrams { daemon, datagrams })) => {
            Parcel::Datagrams { daemon: *daemon, datagrams: datagrams.clone() }
        }
        (Vendor::Rollbar, Some(Cargo::Item(item))) => Parcel::Item(item.clone()),
        _ => {
            let fresh = losses.map(|losses| losses.since(&tools.reader.reported())).unwrap_or_default();
            let service = tools.config.honeycomb.service.as_deref();
            let body = honeycomb::body(units, tools.reader, tools.processes, service, &fresh);
            Parcel::Spans { body, packed: false }
        }
    }
}

pub(super) fn most_units(vendor: Vendor) -> usize {
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
pub(super) fn variable(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Honeycomb => "HONEYCOMB_API_KEY",
        Vendor::Rollbar => "ROLLBAR_ACCESS_TOKEN",
        Vendor::XRay => "AWS_XRAY_DAEMON_ADDRESS",
    }
}
