//! Room in the ring: frees what is done with, carries what must stay, relieves it of what nobody takes (D3, D6).

use crudder_recorder::{Kind, SKIPPED};
use tokio::time::Instant;

use super::Desk;
use crate::log;
use crate::table::Key;
use crate::tell::Teller;
use crate::vendor::Vendor;

/// Records carried at one go; a ring that holds more open ones than this is too small for its load.
const MOST_CARRIED: usize = 256;

impl Desk {
    /// Frees what is done with, carries what must stay, relieves the ring of what nobody takes.
    pub(super) fn tidy(&mut self, now: Instant) {
        self.reader.free_resolved();
        if !self.reader.stats().is_half_full() {
            return;
        }
        self.bury_processes();
        self.carry();
        if !self.reader.stats().is_half_full() || !self.may_send {
            return;
        }
        self.send_what_has_ended(now);
        let (outbox, mut tools) = self.tools(now);
        outbox.send(&mut tools);
        outbox.relieve(&mut tools);
        self.reader.free_resolved();
    }

    /// A request of more spans than the ring holds leaves in parts.
    fn send_what_has_ended(&mut self, now: Instant) {
        let Self { reader, table, outbox, config, .. } = self;
        let mut teller = Teller { reader, outbox, config, now };
        for (key, invocation) in &mut table.invocations {
            teller.ended_spans(*key, invocation, true);
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
                Vendor::ALL.into_iter().for_each(|vendor| reader.set_batch(process.position, vendor.sink(), SKIPPED));
            }
            is_needed
        });
    }

    /// What is queued of a record that was carried is told from its copy.
    fn follow(&mut self, key: Key, from: u64, to: u64) {
        self.outbox.moved(from, to);
        let told = self.table.invocations.get_mut(&key).map(|invocation| &mut invocation.told);
        told.into_iter().flatten().flatten().filter(|position| **position == from).for_each(|position| *position = to);
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
            match self.reader.relocate(front) {
                Ok(Some(copy)) => self.follow(key, front, copy),
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
}
