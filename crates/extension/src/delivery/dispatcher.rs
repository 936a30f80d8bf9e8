//! The dispatcher: takes items, and sends the next batch of each destination that may be sent to.

use crudder_recorder::{Counter, PENDING, Reader, SKIPPED, WriterId};
use tokio::time::{Duration, Instant};

use super::context::DeliveryContext;
use super::destination_queue::{DestinationQueue, Key};
use super::in_flight::InFlightBatch;
use super::spool::Spool;
use super::transport::Transport;
use crate::config::{Config, sink_of};
use crate::exporters::Item;

/// Packing, encoding and printing dead letters: a cautious estimate for a fourteenth of a
/// processor, not measured on one.
const PRINTED_BYTES_PER_SECOND: u64 = 2 << 20;

/// The queues of all destinations, the spool behind them and the requests in flight.
pub(crate) struct Dispatcher {
    pub(super) queues: Vec<DestinationQueue>,
    pub(super) spool: Spool,
    pub(crate) transport: Transport,
}

impl Dispatcher {
    /// Creates the dispatcher of a ring. It acknowledges spooled batches in the ring, in case an
    /// earlier extension process was killed before it could.
    pub(crate) fn new(config: &Config, reader: &mut Reader) -> Self {
        let spool = Spool::open(&config.recorder, config.destinations());
        for spooled in &spool.batches {
            let sink = sink_of(spooled.destination);
            if reader.acknowledged(sink) < spooled.batch {
                reader.set_acknowledged(sink, spooled.batch);
            }
        }
        let exporters = config.exporters.iter().cloned().enumerate();
        let queues = exporters.map(|(index, exporter)| DestinationQueue::new(exporter, sink_of(index))).collect();
        Self { queues, spool, transport: Transport::new() }
    }

    /// Queues an item, unless an earlier extension process has exported it or the exporter is
    /// disabled.
    pub(crate) fn enqueue(&mut self, destination: usize, mut item: Item, reader: &mut Reader) {
        let queue = &mut self.queues[destination];
        let sink = queue.sink;
        if reader.is_resolved_for(item.position, sink) {
            return;
        }
        if !queue.is_enabled() {
            item.positions().for_each(|position| reader.set_batch(position, sink, SKIPPED));
            return;
        }
        // A number above the last attempted one belongs to a batch that was never sent; another
        // batch will get it.
        let last = reader.attempted(sink).max(reader.acknowledged(sink));
        for position in item.positions() {
            if u64::from(reader.batch(position, sink)) > last {
                reader.set_batch(position, sink, PENDING);
            }
        }
        item.in_doubt = reader.batch(item.position, sink) != PENDING;
        queue.items.push_back(item);
    }

    /// Whether an error should be sent before the next freeze, and may be.
    pub(crate) fn is_urgent(&self, now: Instant) -> bool {
        self.queues.iter().any(|queue| queue.is_ready(now) && queue.has_error())
    }

    /// Whether something is queued or in flight for a destination that may be sent to now.
    pub(crate) fn has_work(&self, now: Instant) -> bool {
        self.queues.iter().any(|queue| queue.is_ready(now) && queue.has_work()) || self.has_spooled(now)
    }

    /// Whether a response is likely if the extension holds `/next` for at most `timeout`.
    pub(crate) fn is_worth_waiting(&self, now: Instant, timeout: Duration) -> bool {
        self.queues.iter().any(|queue| queue.is_ready(now) && queue.may_respond_within(timeout, now))
    }

    /// Whether items of dense traffic are old or numerous enough, or something has to be sent
    /// again.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.queues.iter().any(|queue| queue.is_due(now)) || self.has_spooled(now)
    }

    /// Estimates how long it would take to print everything that is left.
    pub(crate) fn time_to_print(&self) -> Duration {
        let queued = self.queues.iter().map(|queue| queue.items.bytes() as u64).sum::<u64>();
        Duration::from_millis((self.spool.bytes() + queued) * 1000 / PRINTED_BYTES_PER_SECOND)
    }

    /// Allows one more attempt at each destination.
    pub(crate) fn reset_breakers(&mut self) {
        self.queues.iter_mut().for_each(|queue| queue.breaker.reset());
    }

    /// Returns when the next tripped breaker with work behind it allows an attempt.
    pub(crate) fn retry_at(&self) -> Option<Instant> {
        self.queues.iter().filter(|queue| queue.has_work()).filter_map(|queue| queue.breaker.retry_at()).min()
    }

    /// Whether items that need this process's resource are not exported yet.
    pub(crate) fn needs(&self, writer: WriterId) -> bool {
        self.queues.iter().flat_map(DestinationQueue::all_items).any(|item| item.process == Some(writer))
    }

    /// Replaces the position of a record that was relocated in all items.
    pub(crate) fn relocated(&mut self, from: u64, to: u64) {
        for queue in &mut self.queues {
            let in_flight = queue.in_flight.iter_mut().flat_map(|batch| &mut batch.items).flat_map(Item::positions_mut);
            queue.items.positions_mut().chain(in_flight).filter(|position| **position == from).for_each(|it| *it = to);
        }
    }

    /// Sends whatever may be sent now: at most one batch per destination is in flight.
    pub(crate) fn send(&mut self, context: &mut DeliveryContext<'_>) {
        for destination in 0..self.queues.len() {
            self.send_to(destination, context);
        }
    }

    fn send_to(&mut self, destination: usize, context: &mut DeliveryContext<'_>) {
        let queue = &mut self.queues[destination];
        let is_sent = queue.in_flight.as_ref().is_some_and(|batch| batch.sent_at.is_some());
        if !queue.is_ready(context.now) || is_sent {
            return;
        }
        if queue.in_flight.is_none() {
            queue.in_flight = oldest_spooled(&mut self.spool, destination, queue);
        }
        if queue.in_flight.is_none() {
            queue.form_batch(context);
        }
        let Some(batch) = &mut queue.in_flight else { return };
        let key = match &queue.key {
            Key::Ready(key) => key.clone(),
            Key::Unfetched(source) => {
                let source = source.clone();
                self.transport.fetch_key(destination, source.clone(), context.aws.clone());
                queue.key = Key::Fetching(source);
                return;
            }
            Key::Disabled | Key::Fetching(_) => return,
        };
        if batch.in_doubt {
            context.reader.count(Counter::PossibleDuplicates, batch.item_count() as u64);
        }
        match &batch.spooled {
            Some(spooled) => batch.spooled = Some(self.spool.mark(spooled, true)),
            None => context.reader.set_attempted(queue.sink, batch.batch),
        }
        batch.sent_at = Some(context.now);
        self.transport.send(destination, queue.exporter.clone(), batch.payload.clone(), key, context.aws.clone());
    }

    /// Whether the spool has a batch for a destination that may be sent to now.
    fn has_spooled(&self, now: Instant) -> bool {
        self.spool.batches.iter().any(|spooled| self.queues[spooled.destination].is_ready(now))
    }
}

/// Loads the oldest spooled batch of a destination. Removes one that can't be read.
fn oldest_spooled(spool: &mut Spool, destination: usize, queue: &DestinationQueue) -> Option<InFlightBatch> {
    let spooled = spool.oldest(destination)?;
    let Ok(packed) = spool.load(&spooled) else {
        spool.remove(&spooled);
        return None;
    };
    let payload = queue.exporter.restore(packed)?;
    Some(InFlightBatch::from_spool(spooled, payload))
}
