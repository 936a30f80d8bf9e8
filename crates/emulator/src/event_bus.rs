//! Sends the emulator's events to its subscribers.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::events::{EmulatorEvent, LogLine};

/// How many events may wait for one subscriber: a burst of a few seconds from a busy emulator, some
/// 10 MB of ordinary lines.
const QUEUE_LENGTH: usize = 65_536;

/// How long a line waits for a slow subscriber before it counts as lost. In this time the
/// function's pipe fills and its writes block, as they would on Lambda. They must not block
/// forever.
const LINE_TIMEOUT: Duration = Duration::from_secs(1);

/// A subscription to the events of an emulator. Dropping it ends the subscription.
#[derive(Debug)]
pub struct Subscription {
    events: mpsc::Receiver<EmulatorEvent>,
    lost: Arc<AtomicU64>,
}

impl Subscription {
    /// Waits for the next event. Returns `None` when the emulator is gone.
    pub async fn next(&mut self) -> Option<EmulatorEvent> {
        self.events.recv().await
    }

    /// Returns the next event if there is one already.
    pub fn try_next(&mut self) -> Option<EmulatorEvent> {
        self.events.try_recv().ok()
    }

    /// Returns how many events were lost because this subscriber's queue was full.
    ///
    /// A line waits one second for a slow subscriber and is then lost. After that, further lines
    /// are lost at once until the subscriber reads again. Other events never wait.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Clone)]
struct Subscriber {
    events: mpsc::Sender<EmulatorEvent>,
    lost: Arc<AtomicU64>,
    /// Whether a line has waited in vain. No line waits again until the queue has space.
    is_stuck: Arc<AtomicBool>,
}

impl Subscriber {
    fn count_lost(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    async fn send_line(&self, line: LogLine) {
        match self.events.try_send(EmulatorEvent::Line(line)) {
            Ok(()) => self.is_stuck.store(false, Ordering::Relaxed),
            Err(TrySendError::Full(event)) if !self.is_stuck.load(Ordering::Relaxed) => {
                if self.events.send_timeout(event, LINE_TIMEOUT).await.is_err() {
                    self.is_stuck.store(true, Ordering::Relaxed);
                    self.count_lost();
                }
            }
            Err(_) => self.count_lost(),
        }
    }
}

/// Sends events to all subscribers.
#[derive(Debug, Clone, Default)]
pub(crate) struct EventBus {
    subscribers: Arc<Mutex<Vec<Subscriber>>>,
}

impl EventBus {
    pub(crate) fn subscribe(&self) -> Subscription {
        let (sender, events) = mpsc::channel(QUEUE_LENGTH);
        let lost = Arc::new(AtomicU64::new(0));
        let subscriber = Subscriber { events: sender, lost: Arc::clone(&lost), is_stuck: Arc::default() };
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner).push(subscriber);
        Subscription { events, lost }
    }

    /// Publishes an event without a wait. A subscriber whose queue is full loses it.
    pub(crate) fn publish(&self, event: EmulatorEvent) {
        for subscriber in self.subscribers() {
            if subscriber.events.try_send(event.clone()).is_err() {
                subscriber.count_lost();
            }
        }
    }

    /// Publishes a line. Waits up to [`LINE_TIMEOUT`] for each subscriber whose queue is full.
    pub(crate) async fn publish_line(&self, line: LogLine) {
        for subscriber in self.subscribers() {
            subscriber.send_line(line.clone()).await;
        }
    }

    fn subscribers(&self) -> Vec<Subscriber> {
        let mut subscribers = self.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        subscribers.retain(|subscriber| !subscriber.events.is_closed());
        subscribers.clone()
    }
}
