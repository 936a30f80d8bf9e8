//! What an export result does to its batch (docs/delivery.md, D5).

use crudder_recorder::{Counter, PENDING, SKIPPED};
use crudder_text::error_chain;
use tokio::time::Duration;

use super::context::DeliveryContext;
use super::destination_queue::Key;
use super::dispatcher::Dispatcher;
use super::in_flight::InFlightBatch;
use super::transport::Completion;
use crate::aws::KeyError;
use crate::dead_letters;
use crate::exporters::ExportResult;
use crate::log;

/// How often a batch that got a 500 is tried again. OTLP says never, but destinations answer 500 in
/// passing.
const MAX_SERVER_ERRORS: u8 = 2;

impl Dispatcher {
    /// Handles a request that has completed.
    pub(crate) fn complete(&mut self, completion: Completion, context: &mut DeliveryContext<'_>) {
        match completion {
            Completion::Sent { destination, result } => self.sent(destination, result, context),
            Completion::Key { destination, key: Ok(key) } => self.queues[destination].key = Key::Ready(key),
            Completion::Key { destination, key: Err(error) } => self.key_failed(destination, &error, context),
        }
    }

    fn key_failed(&mut self, destination: usize, error: &KeyError, context: &mut DeliveryContext<'_>) {
        let queue = &mut self.queues[destination];
        if error.is_transient()
            && let Key::Fetching(source) = &queue.key
        {
            queue.key = Key::Unfetched(source.clone());
            queue.breaker.trip(context.now, None, 1);
            return;
        }
        let fields = [
            ("vendor", queue.exporter.name().into()),
            ("variable", queue.exporter.key_variable().into()),
            ("error", error_chain(error).into()),
        ];
        log::error("exporter disabled: failed to fetch its API key", fields);
        self.disable(destination, context);
    }

    /// Disables an exporter and skips all its items.
    fn disable(&mut self, destination: usize, context: &mut DeliveryContext<'_>) {
        let queue = &mut self.queues[destination];
        queue.key = Key::Disabled;
        let in_flight = queue.in_flight.take().into_iter().flat_map(|batch| batch.items);
        let mut skipped = 0;
        for item in in_flight.chain(queue.items.take_all()) {
            item.positions().for_each(|position| context.reader.set_batch(position, queue.sink, SKIPPED));
            skipped += 1;
        }
        context.reader.count(Counter::Unauthorized, skipped);
    }

    fn sent(&mut self, destination: usize, result: ExportResult, context: &mut DeliveryContext<'_>) {
        let queue = &mut self.queues[destination];
        let Some(mut batch) = queue.in_flight.take() else { return };
        batch.sent_at = None;
        match result {
            ExportResult::Accepted { rejected, message } => {
                self.accepted(destination, &batch, rejected, &message, context);
            }
            ExportResult::NoResponse { message } => {
                let fields = [("vendor", queue.exporter.name().into()), ("error", message.into())];
                log::warn("export got no response", fields);
                batch.in_doubt = true;
                self.retry_later(destination, batch, None, context);
            }
            ExportResult::Throttled { retry_after } => {
                self.withdraw_attempt(destination, &mut batch, context);
                self.retry_later(destination, batch, retry_after, context);
            }
            ExportResult::ServerError if batch.server_errors < MAX_SERVER_ERRORS => {
                batch.server_errors += 1;
                self.withdraw_attempt(destination, &mut batch, context);
                self.retry_later(destination, batch, None, context);
            }
            ExportResult::ServerError => {
                self.dead_letter(destination, batch, "three responses with status 500", context)
            }
            ExportResult::Unauthorized { status } => {
                let fields = [
                    ("vendor", queue.exporter.name().into()),
                    ("variable", queue.exporter.key_variable().into()),
                    ("status", status.into()),
                ];
                log::error("exporter disabled: the destination refused its credentials", fields);
                queue.in_flight = Some(batch);
                self.disable(destination, context);
            }
            ExportResult::Rejected { may_be_one_item: true, .. } if batch.items.len() > 1 => {
                self.halve(destination, batch, context);
            }
            ExportResult::Rejected { status, may_be_one_item } => {
                self.dead_letter(destination, batch, &format!("refused with {status}"), context);
                if !may_be_one_item {
                    // A wrong URL is wrong for every batch, so the next one need not follow at
                    // once.
                    self.queues[destination].breaker.trip(context.now, None, u64::from(status));
                }
            }
        }
    }

    fn accepted(
        &mut self,
        destination: usize,
        batch: &InFlightBatch,
        rejected: u64,
        message: &str,
        context: &mut DeliveryContext<'_>,
    ) {
        let queue = &mut self.queues[destination];
        match &batch.spooled {
            Some(spooled) => self.spool.remove(spooled),
            None => context.reader.set_acknowledged(queue.sink, batch.batch),
        }
        if let Some(losses) = &batch.losses {
            context.reader.set_reported(losses);
        }
        if rejected > 0 || !message.is_empty() {
            context.reader.count(Counter::Rejected, rejected);
            let name = queue.exporter.name();
            let fields = [("vendor", name.into()), ("rejected", rejected.into()), ("error", message.into())];
            log::warn("destination accepted a batch in part", fields);
        }
        queue.breaker.reset();
        queue.max_items = (queue.max_items * 2).min(queue.exporter.max_items());
    }

    /// Notes that the destination has nothing of this batch, unless an earlier attempt left doubt.
    fn withdraw_attempt(&mut self, destination: usize, batch: &mut InFlightBatch, context: &mut DeliveryContext<'_>) {
        if batch.in_doubt {
            return;
        }
        match &batch.spooled {
            Some(spooled) => batch.spooled = Some(self.spool.mark(spooled, false)),
            None => context.reader.set_attempted(self.queues[destination].sink, batch.batch - 1),
        }
    }

    fn retry_later(
        &mut self,
        destination: usize,
        batch: InFlightBatch,
        retry_after: Option<Duration>,
        context: &DeliveryContext<'_>,
    ) {
        let queue = &mut self.queues[destination];
        queue.breaker.trip(context.now, retry_after, batch.batch);
        queue.in_flight = Some(batch);
    }

    /// Returns the items of a rejected batch to the queue, to be sent in halves until the item that
    /// the destination rejects is alone.
    fn halve(&mut self, destination: usize, mut batch: InFlightBatch, context: &mut DeliveryContext<'_>) {
        self.withdraw_attempt(destination, &mut batch, context);
        let queue = &mut self.queues[destination];
        queue.max_items = (batch.items.len() / 2).max(1);
        for mut item in batch.items.into_iter().rev() {
            item.positions().for_each(|position| context.reader.set_batch(position, queue.sink, PENDING));
            item.in_doubt = false;
            queue.items.push_front(item);
        }
    }

    /// Prints a batch as a dead letter, then acknowledges it.
    pub(super) fn dead_letter(
        &mut self,
        destination: usize,
        batch: InFlightBatch,
        reason: &str,
        context: &mut DeliveryContext<'_>,
    ) {
        let queue = &mut self.queues[destination];
        let items = batch.item_count();
        if batch.spooled.is_none() {
            // A batch that is printed and not acknowledged yet is in doubt (docs/delivery.md, D7).
            context.reader.set_attempted(queue.sink, batch.batch);
        }
        dead_letters::print(queue.exporter.name(), items, reason, &batch.payload.packed());
        context.reader.count(Counter::DeadLettered, items as u64);
        match &batch.spooled {
            Some(spooled) => self.spool.remove(spooled),
            None => context.reader.set_acknowledged(queue.sink, batch.batch),
        }
    }
}
