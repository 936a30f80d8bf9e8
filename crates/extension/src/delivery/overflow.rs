//! What happens to batches that a destination does not take: they are spooled, and in the end
//! printed as dead letters (docs/delivery.md, D6).

use crudder_recorder::Counter;

use super::context::DeliveryContext;
use super::dispatcher::Dispatcher;
use super::in_flight::InFlightBatch;
use super::spool::Spooled;
use crate::dead_letters;
use crate::log;

impl Dispatcher {
    /// Frees space in a ring that fills because destinations do not take its records: spools one
    /// batch of each destination whose breaker has tripped.
    pub(crate) fn spool_overflow(&mut self, context: &mut DeliveryContext<'_>) {
        for destination in 0..self.queues.len() {
            let queue = &mut self.queues[destination];
            if !queue.is_enabled() || queue.breaker.allows(context.now) {
                continue;
            }
            if queue.in_flight.as_ref().is_some_and(|batch| batch.spooled.is_some()) {
                queue.in_flight = None;
            }
            if queue.in_flight.is_none() {
                queue.form_batch(context);
            }
            if let Some(batch) = queue.in_flight.take() {
                self.spool_batch(destination, batch, context);
            }
        }
    }

    /// Writes a batch into the spool. If the spool is full, prints the least valuable batches
    /// first.
    fn spool_batch(&mut self, destination: usize, batch: InFlightBatch, context: &mut DeliveryContext<'_>) {
        let packed = batch.payload.packed();
        while !self.spool.has_room_for(packed.len()) {
            let Some(spooled) = self.spool.least_valuable() else { break };
            self.dead_letter_spooled(&spooled, context);
        }
        let spooled = Spooled {
            destination,
            batch: batch.batch,
            items: batch.items.len(),
            has_error: batch.has_error,
            was_tried: batch.in_doubt,
            bytes: packed.len() as u64,
        };
        match self.spool.put(spooled, &packed) {
            Ok(()) => context.reader.set_acknowledged(self.queues[destination].sink, batch.batch),
            Err(error) => {
                log::warn("failed to write to the spool", [("error", error.to_string().into())]);
                self.dead_letter(destination, batch, "the spool is full", context);
            }
        }
    }

    /// Prints a spooled batch as a dead letter and removes it from the spool.
    fn dead_letter_spooled(&mut self, spooled: &Spooled, context: &mut DeliveryContext<'_>) {
        match self.spool.load(spooled) {
            Ok(packed) => {
                let name = self.queues[spooled.destination].exporter.name();
                dead_letters::print(name, spooled.items, "the spool is full", &packed);
                context.reader.count(Counter::DeadLettered, spooled.items as u64);
            }
            Err(error) => log::error("failed to read a spooled batch", [("error", error.to_string().into())]),
        }
        self.spool.remove(spooled);
    }

    /// Prints everything that no destination has accepted, before the environment ends.
    pub(crate) fn dead_letter_all(&mut self, context: &mut DeliveryContext<'_>) {
        for destination in 0..self.queues.len() {
            loop {
                let queue = &mut self.queues[destination];
                if !queue.is_enabled() {
                    break;
                }
                if queue.in_flight.is_none() {
                    queue.form_batch(context);
                }
                let Some(batch) = queue.in_flight.take() else { break };
                if batch.sent_at.is_some() || batch.in_doubt {
                    context.reader.count(Counter::PossibleDuplicates, batch.items.len() as u64);
                }
                self.dead_letter(destination, batch, "not answered before the end", context);
            }
        }
        while let Some(spooled) = self.spool.batches.first().cloned() {
            self.dead_letter_spooled(&spooled, context);
        }
    }
}
