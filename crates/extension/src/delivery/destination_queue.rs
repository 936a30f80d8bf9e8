//! The queue of one destination: its key, its circuit breaker, its items, and the batch that is in
//! flight.

use std::sync::Arc;

use crudder_recorder::{Sink, Stats};
use tokio::time::{Duration, Instant};

use super::circuit_breaker::CircuitBreaker;
use super::context::DeliveryContext;
use super::in_flight::InFlightBatch;
use super::item_queue::ItemQueue;
use crate::aws::KeySource;
use crate::exporters::{Batch, Credentials, Exporter, Item};
use crate::log;

/// Large enough to be worth a request, small enough that the dead letter fits into one log line.
const MAX_BATCH_BYTES: usize = 128 << 10;
/// In dense traffic a batch is sent once its oldest item is this old,
const MAX_AGE: Duration = Duration::from_secs(1);
/// or once the queue is this large.
const MAX_QUEUED_BYTES: usize = 256 << 10;

/// The API key of a destination.
pub(super) enum Key {
    /// The exporter is disabled.
    Disabled,
    Ready(String),
    Unfetched(KeySource),
    Fetching(KeySource),
}

pub(super) struct DestinationQueue {
    pub(super) exporter: Arc<dyn Exporter>,
    pub(super) sink: Sink,
    pub(super) key: Key,
    pub(super) breaker: CircuitBreaker,
    pub(super) items: ItemQueue,
    pub(super) in_flight: Option<InFlightBatch>,
    /// The most items in a batch: fewer than the destination's limit while it rejects batches.
    pub(super) max_items: usize,
}

impl DestinationQueue {
    pub(super) fn new(exporter: Arc<dyn Exporter>, sink: Sink) -> Self {
        let (key, max_items) = (key_of(exporter.as_ref()), exporter.max_items());
        let breaker = CircuitBreaker::default();
        Self { exporter, sink, key, breaker, items: ItemQueue::default(), in_flight: None, max_items }
    }

    pub(super) fn is_enabled(&self) -> bool {
        !matches!(self.key, Key::Disabled)
    }

    /// Whether the destination may be sent to now.
    pub(super) fn is_ready(&self, now: Instant) -> bool {
        self.is_enabled() && self.breaker.allows(now)
    }

    pub(super) fn has_work(&self) -> bool {
        !self.items.is_empty() || self.in_flight.is_some()
    }

    /// Whether dense traffic need not wait any longer: the queue is old or large enough, or a batch
    /// has to be sent again, whole or in halves.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        let is_old = self.items.front().is_some_and(|item| now.duration_since(item.queued_at) >= MAX_AGE);
        let is_retried = self.in_flight.as_ref().is_some_and(|batch| batch.sent_at.is_none());
        let is_halved = self.max_items < self.exporter.max_items() && !self.items.is_empty();
        is_old || self.items.bytes() >= MAX_QUEUED_BYTES || is_retried || is_halved
    }

    /// Whether a response is likely within `timeout`. A destination that has been silent for longer
    /// is not waited for.
    pub(super) fn may_respond_within(&self, timeout: Duration, now: Instant) -> bool {
        match self.in_flight.as_ref().and_then(|batch| batch.sent_at) {
            Some(sent_at) => now.duration_since(sent_at) < timeout,
            None => self.has_work(),
        }
    }

    pub(super) fn has_error(&self) -> bool {
        self.items.has_error() || self.in_flight.as_ref().is_some_and(|batch| batch.has_error)
    }

    /// Returns all items, also those in flight.
    pub(super) fn all_items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().chain(self.in_flight.iter().flat_map(|batch| &batch.items))
    }

    /// Makes the next batch: gives it a number and writes that number into its records. A batch
    /// that an earlier extension process may have delivered keeps its number and its records.
    pub(super) fn form_batch(&mut self, context: &mut DeliveryContext<'_>) {
        let in_doubt = self.items.has_doubt();
        let items = if in_doubt { self.items.take_doubtful() } else { self.take_items() };
        if items.is_empty() {
            return;
        }
        let (attempted, acknowledged) = (context.reader.attempted(self.sink), context.reader.acknowledged(self.sink));
        let batch = if in_doubt { attempted } else { attempted.max(acknowledged) + 1 };
        // An environment does not send four billion batches in its life.
        let number = u32::try_from(batch).unwrap_or(u32::MAX);
        for position in items.iter().flat_map(Item::positions) {
            context.reader.set_batch(position, self.sink, number);
        }
        let losses = self.exporter.reports_losses().then(|| context.reader.stats());
        let unreported: Stats = losses.map(|losses| losses.since(&context.reader.reported())).unwrap_or_default();
        let (reader, processes) = (&*context.reader, context.processes);
        let payload = self.exporter.encode(&Batch { items: &items, reader, processes, losses: &unreported });
        let has_error = items.iter().any(|item| item.has_error);
        self.in_flight = Some(InFlightBatch {
            batch,
            items,
            has_error,
            payload,
            spooled: None,
            sent_at: None,
            in_doubt,
            server_errors: 0,
            losses,
        });
    }

    fn take_items(&mut self) -> Vec<Item> {
        let (mut items, mut bytes) = (Vec::new(), 0);
        while let Some(item) = self.items.front() {
            bytes += item.bytes();
            if !items.is_empty() && (bytes > MAX_BATCH_BYTES || items.len() >= self.max_items) {
                break;
            }
            items.extend(self.items.pop_front());
        }
        items
    }
}

fn key_of(exporter: &dyn Exporter) -> Key {
    match exporter.credentials() {
        Credentials::Aws => Key::Ready(String::new()),
        Credentials::ApiKey(Some(KeySource::Value(key))) => Key::Ready(key),
        Credentials::ApiKey(Some(source)) => Key::Unfetched(source),
        Credentials::ApiKey(None) => {
            let fields = [("vendor", exporter.name().into()), ("variable", exporter.key_variable().into())];
            log::warn("exporter disabled: no API key is set", fields);
            Key::Disabled
        }
    }
}
