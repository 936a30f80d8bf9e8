//! Who has subscribed to an environment's telemetry, and what goes to whom.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde_json::Value;
use tokio::sync::{mpsc, watch};

use crate::delivery::{self, Losses};
use crate::platform::timestamp;

/// What was said before an extension subscribed is kept for it until the end of init: some dozens of events in practice.
const BACKLOG: usize = 10_000;

/// How many events may wait for one subscriber; beyond it they are dropped and counted in `platform.logsDropped`.
const QUEUE: usize = 20_000;

/// The three types that one can subscribe to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Platform,
    Function,
    Extension,
}

impl Kind {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Platform, Self::Function, Self::Extension].into_iter().find(|kind| kind.word() == word)
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Function => "function",
            Self::Extension => "extension",
        }
    }
}

/// One event: platform events have a name of their own, lines are named by their kind.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) kind: Kind,
    pub(crate) name: &'static str,
    pub(crate) time: SystemTime,
    pub(crate) record: Arc<Value>,
}

impl Item {
    pub(crate) fn line(kind: Kind, time: SystemTime, line: &str) -> Self {
        Self { kind, name: kind.word(), time, record: Arc::new(Value::String(line.to_owned())) }
    }

    /// As it goes out. From schema 2022-12-13 on, a line that is a JSON object arrives as one, since the log format is JSON.
    pub(crate) fn encode(&self, schema: Schema) -> String {
        let record = match (self.record.as_str(), schema) {
            (Some(line), Schema::Objects) => match serde_json::from_str(line) {
                Ok(object @ Value::Object(_)) => object.to_string(),
                _ => self.record.to_string(),
            },
            _ => self.record.to_string(),
        };
        format!(r#"{{"time":"{}","type":"{}","record":{record}}}"#, timestamp(self.time), self.name)
    }
}

/// What a schema version changes for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schema {
    /// 2022-07-01: lines are always strings.
    Strings,
    /// 2022-12-13 and 2025-01-29.
    Objects,
}

/// A subscription that has been found valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) schema: Schema,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) buffering: Buffering,
    pub(crate) destination: Destination,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Buffering {
    pub(crate) max_items: usize,
    pub(crate) max_bytes: usize,
    pub(crate) timeout_ms: u64,
}

/// Where batches go, on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    Http { port: u16, path: String },
    Tcp { port: u16 },
}

/// The telemetry of one environment. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Telemetry {
    state: Arc<Mutex<State>>,
    /// Whether the processes run: to a frozen one nothing is delivered.
    running: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    /// Kept while an extension may still subscribe.
    backlog: Option<VecDeque<Item>>,
    subscribers: Vec<Subscriber>,
}

#[derive(Debug)]
struct Subscriber {
    name: String,
    kinds: Vec<Kind>,
    items: mpsc::Sender<Item>,
    losses: Losses,
    delivery: tokio::task::AbortHandle,
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

    pub(crate) fn publish(&self, item: Item) {
        let mut state = self.lock();
        if let Some(backlog) = &mut state.backlog
            && backlog.len() < BACKLOG
        {
            backlog.push_back(item.clone());
        }
        for subscriber in &state.subscribers {
            subscriber.offer(item.clone());
        }
    }

    /// New processes come up: what is said from now on is kept for those who subscribe.
    pub(crate) fn open(&self) {
        self.lock().backlog = Some(VecDeque::new());
    }

    /// Nobody can subscribe any more.
    pub(crate) fn close(&self) {
        self.lock().backlog = None;
    }

    /// The processes are gone, and what they asked for with them.
    pub(crate) fn clear(&self) {
        *self.lock() = State::default();
        self.running.send_replace(true);
    }

    pub(crate) fn set_running(&self, running: bool) {
        self.running.send_replace(running);
    }

    /// A second subscription of the same extension takes the place of its first.
    pub(crate) fn subscribe(&self, name: &str, request: Request) {
        let (sender, items) = mpsc::channel(QUEUE);
        let losses = Losses::default();
        let kinds = request.kinds.clone();
        let delivery = tokio::spawn(delivery::run(request, items, losses.clone(), self.running.subscribe()));
        let subscriber =
            Subscriber { name: name.to_owned(), kinds, items: sender, losses, delivery: delivery.abort_handle() };
        let mut state = self.lock();
        state.subscribers.retain(|other| other.name != name);
        for item in state.backlog.iter().flatten() {
            subscriber.offer(item.clone());
        }
        state.subscribers.push(subscriber);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscriber {
    fn offer(&self, item: Item) {
        if !self.kinds.contains(&item.kind) {
            return;
        }
        if let Err(refused) = self.items.try_send(item) {
            let item = match refused {
                mpsc::error::TrySendError::Full(item) | mpsc::error::TrySendError::Closed(item) => item,
            };
            self.losses.count(1, item.record.to_string().len());
        }
    }
}
