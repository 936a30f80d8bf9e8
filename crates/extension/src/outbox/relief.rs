//! What becomes of batches that nobody takes: the spool, and in the end dead letters (D6).

use crudder_recorder::Counter;

use super::lane::{Flight, Key};
use super::{Outbox, Tools};
use crate::courier::Parcel;
use crate::letters::{self, Letter};
use crate::log;
use crate::spool::{Spool, Spooled};
use crate::vendor::Vendor;

impl Outbox {
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
            has_error: flight.has_error,
            was_tried: flight.in_doubt,
            bytes: packed.len() as u64,
        };
        match self.spool.put(spooled, &packed) {
            Ok(()) => tools.reader.set_acknowledged(vendor.sink(), flight.batch),
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
                if flight.sent_at.is_some() || flight.in_doubt {
                    tools.reader.count(Counter::PossibleDuplicates, flight.units.len() as u64);
                }
                self.bury(flight, vendor, "not answered before the end", tools);
            }
        }
        while let Some(spooled) = self.spool.batches.first().cloned() {
            self.give_up(&spooled, tools);
        }
    }
}

pub(super) fn from_spool(spool: &mut Spool, spooled: Spooled) -> Option<Flight> {
    let Ok(packed) = spool.load(&spooled) else {
        spool.remove(&spooled);
        return None;
    };
    let parcel = parcel_of(spooled.vendor, packed)?;
    let in_doubt = spooled.was_tried;
    Some(Flight {
        batch: spooled.batch,
        units: Vec::new(),
        has_error: spooled.has_error,
        parcel,
        spooled: Some(spooled),
        sent_at: None,
        in_doubt,
        broken: 0,
        losses: None,
    })
}

/// A packed body as it was spooled or printed, ready to be sent again.
pub(crate) fn parcel_of(vendor: Vendor, packed: Vec<u8>) -> Option<Parcel> {
    Some(match vendor {
        Vendor::Honeycomb => Parcel::Spans { body: packed.into(), packed: true },
        Vendor::Rollbar => Parcel::Item(letters::unpack(&packed)?.into()),
        Vendor::XRay => {
            let body = letters::unpack(&packed)?;
            // Header and document are a line each.
            let lines: Vec<&[u8]> = body.split(|byte| *byte == b'\n').collect();
            Parcel::Datagrams { daemon: None, datagrams: lines.chunks(2).map(|lines| lines.join(&b'\n')).collect() }
        }
    })
}
