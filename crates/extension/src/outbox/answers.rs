//! What an answer does to the batch that it is about (D5).

use crudder_recorder::{Counter, PENDING, SKIPPED};
use tokio::time::Duration;

use super::lane::{Flight, Key, most_units, variable};
use super::{Outbox, Tools};
use crate::answer::Answer;
use crate::courier::Returned;
use crate::keys::KeyError;
use crate::letters::{self, Letter, name};
use crate::log;
use crate::vendor::Vendor;

/// How often a 500 is tried again: the standard says never, vendors say it in passing.
const BROKEN_TRIES: u8 = 2;

impl Outbox {
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
        let of_ring = flight.into_iter().flat_map(|flight| flight.units).chain(lane.queue.take_all());
        let mut refused = 0;
        for unit in of_ring {
            unit.positions().for_each(|position| tools.reader.set_batch(position, vendor.sink(), SKIPPED));
            refused += 1;
        }
        tools.reader.count(Counter::Unauthorized, refused);
    }

    fn answered(&mut self, vendor: Vendor, answer: Answer, tools: &mut Tools<'_>) {
        let Some(mut flight) = self.lane(vendor).flight.take() else { return };
        flight.sent_at = None;
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
            None => tools.reader.set_acknowledged(vendor.sink(), flight.batch),
        }
        if let Some(losses) = &flight.losses {
            tools.reader.set_reported(losses);
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
            None => tools.reader.set_attempted(vendor.sink(), flight.batch - 1),
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
            unit.positions().for_each(|position| tools.reader.set_batch(position, vendor.sink(), PENDING));
            unit.in_doubt = false;
            lane.queue.push_front(unit);
        }
    }

    /// Prints a batch as a dead letter, then acknowledges it.
    pub(super) fn bury(&mut self, flight: Flight, vendor: Vendor, reason: &str, tools: &mut Tools<'_>) {
        let items = flight.spooled.as_ref().map_or(flight.units.len(), |spooled| spooled.items);
        if flight.spooled.is_none() {
            // Printed and not yet acknowledged is in doubt, too (D7).
            tools.reader.set_attempted(vendor.sink(), flight.batch);
        }
        letters::print(&Letter { vendor, items, reason, packed: &flight.parcel.packed() });
        tools.reader.count(Counter::DeadLettered, items as u64);
        match &flight.spooled {
            Some(spooled) => self.spool.remove(spooled),
            None => tools.reader.set_acknowledged(vendor.sink(), flight.batch),
        }
    }
}
