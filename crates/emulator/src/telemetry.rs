//! The telemetry of one environment: its subscribers, and the events that each of them gets.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use crate::delivery::{self, DroppedEvents};
use crate::telemetry_event::{SubscriptionRequest, TelemetryEvent, TelemetryType};

/// How many events of an init phase are kept for extensions that subscribe later in it. In practice
/// there are some dozens.
const BACKLOG_LENGTH: usize = 10_000;

/// How many events may wait for one subscriber. Further ones are dropped and counted in
/// `platform.logsDropped`.
const QUEUE_LENGTH: usize = 20_000;

/// The telemetry of one environment. A clone shares its state.
#[derive(Debug, Clone)]
pub(crate) struct Telemetry {
    state: Arc<Mutex<State>>,
    /// Whether the processes run. A frozen process gets no batch.
    running: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    /// The events so far, while extensions may still subscribe.
    backlog: Option<VecDeque<TelemetryEvent>>,
    subscribers: Vec<Subscriber>,
}

#[derive(Debug)]
struct Subscriber {
    name: String,
    types: Vec<TelemetryType>,
    events: mpsc::Sender<TelemetryEvent>,
    dropped: DroppedEvents,
    delivery: AbortHandle,
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.delivery.abort();
    }
}

impl Telemetry {
    pub(crate) fn new() -> Self {
        Self { state: Arc::default(), running: watch::Sender::new(true) }
    }

    pub(crate) fn publish(&self, event: TelemetryEvent) {
        let mut state = self.lock();
        if let Some(backlog) = &mut state.backlog
            && backlog.len() < BACKLOG_LENGTH
        {
            backlog.push_back(event.clone());
        }
        for subscriber in &state.subscribers {
            subscriber.send(event.clone());
        }
    }

    /// Starts to keep events for later subscribers, at the start of an init phase.
    pub(crate) fn open_subscriptions(&self) {
        self.lock().backlog = Some(VecDeque::new());
    }

    /// Drops the kept events, because no extension can subscribe any more.
    pub(crate) fn close_subscriptions(&self) {
        self.lock().backlog = None;
    }

    /// Ends all subscriptions, because the processes are gone.
    pub(crate) fn clear(&self) {
        *self.lock() = State::default();
        self.running.send_replace(true);
    }

    pub(crate) fn set_running(&self, running: bool) {
        self.running.send_replace(running);
    }

    /// Subscribes an extension and sends it the kept events. A second subscription of the same
    /// extension replaces its first.
    pub(crate) fn subscribe(&self, name: &str, request: SubscriptionRequest) {
        let (sender, events) = mpsc::channel(QUEUE_LENGTH);
        let dropped = DroppedEvents::default();
        let types = request.types.clone();
        let delivery = tokio::spawn(delivery::run(request, events, dropped.clone(), self.running.subscribe()));
        let delivery = delivery.abort_handle();
        let subscriber = Subscriber { name: name.to_owned(), types, events: sender, dropped, delivery };
        let mut state = self.lock();
        state.subscribers.retain(|other| other.name != name);
        for event in state.backlog.iter().flatten() {
            subscriber.send(event.clone());
        }
        state.subscribers.push(subscriber);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscriber {
    fn send(&self, event: TelemetryEvent) {
        if !self.types.contains(&event.telemetry_type) {
            return;
        }
        if let Err(TrySendError::Full(event) | TrySendError::Closed(event)) = self.events.try_send(event) {
            self.dropped.count(1, event.record.to_string().len());
        }
    }
}
