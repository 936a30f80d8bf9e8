//! What an emulator lets others see: log lines, and what becomes of environments and invocations.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// How many events may wait for one subscriber: a burst of a few seconds of a busy emulator, some 10 MB of ordinary lines.
const QUEUE_LENGTH: usize = 65_536;

/// How long a line waits for a slow subscriber before it is counted as lost. Meanwhile the function's pipe fills and its
/// writes block, as they would on Lambda; they must not block for ever.
const LINE_PATIENCE: Duration = Duration::from_secs(1);

/// Who wrote a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The runtime, that is the function.
    Function,
    /// The extension of this name.
    Extension(String),
    /// Lambda itself.
    Platform,
}

/// Where a process wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One log event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When the emulator read it.
    pub time: SystemTime,
    /// The function whose log group it belongs to.
    pub function: String,
    /// The environment's id.
    pub environment: String,
    /// The name of the CloudWatch log stream.
    pub log_stream: String,
    /// Who wrote it.
    pub source: Source,
    /// Where; platform lines count as standard output.
    pub stream: Stream,
    /// The line without its line end; invalid UTF-8 is replaced.
    pub line: String,
}

/// How an environment came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvironmentEnd {
    /// Its processes ended after a failure or a timeout; the environment lives on without them, with its folder.
    Reset,
    /// It is gone, and its folder with it.
    Removed,
}

/// What a subscriber sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmulatorEvent {
    /// A log event.
    Line(LogLine),
    /// A new environment: its processes come next.
    EnvironmentStarted {
        /// The environment's id.
        environment: String,
        /// Its function.
        function: String,
        /// Its folder; `tmp` in it stands for `/tmp`.
        folder: PathBuf,
    },
    /// A process runs.
    ProcessStarted {
        /// The environment's id.
        environment: String,
        /// [`Source::Function`] or [`Source::Extension`].
        process: Source,
        /// Its process id, and its process group's.
        pid: u32,
    },
    /// A process ended.
    ProcessEnded {
        /// The environment's id.
        environment: String,
        /// [`Source::Function`] or [`Source::Extension`].
        process: Source,
        /// How, in Go's words: `exit status 101`, `signal: killed`.
        exit_status: String,
    },
    /// All processes wait in `next` and have been stopped.
    Frozen {
        /// The environment's id.
        environment: String,
    },
    /// They run again.
    Thawed {
        /// The environment's id.
        environment: String,
    },
    /// Its processes are gone.
    EnvironmentEnded {
        /// The environment's id.
        environment: String,
        /// Whether it lives on.
        end: EnvironmentEnd,
    },
    /// The runtime gets an invocation.
    InvocationStarted {
        /// The environment's id.
        environment: String,
        /// The request id.
        request_id: String,
        /// The trace header as it came from upstream.
        trace_header: String,
        /// The function segment's id.
        segment_id: String,
        /// Whether processes were started for it.
        cold_start: bool,
    },
    /// The invocation is over for the environment; the client may have had its answer before.
    InvocationEnded {
        /// The environment's id.
        environment: String,
        /// The request id.
        request_id: String,
        /// `success`, `error`, `failure` or `timeout`.
        status: &'static str,
        /// As in `platform.report`.
        error_type: Option<String>,
    },
}

/// One subscriber's end. Dropping it ends the subscription.
#[derive(Debug)]
pub struct Subscription {
    events: mpsc::Receiver<EmulatorEvent>,
    lost: Arc<AtomicU64>,
}

impl Subscription {
    /// The next event, or nothing when the emulator is gone.
    pub async fn next(&mut self) -> Option<EmulatorEvent> {
        self.events.recv().await
    }

    /// An event that is already there.
    pub fn try_next(&mut self) -> Option<EmulatorEvent> {
        self.events.try_recv().ok()
    }

    /// How many events this subscriber has lost because its queue was full: a line after a second of waiting
    /// for a subscriber who then counts as stuck until it reads again, any other event at once.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Clone)]
struct Subscriber {
    events: mpsc::Sender<EmulatorEvent>,
    lost: Arc<AtomicU64>,
    /// It was waited for in vain: no line waits again before there is room.
    stuck: Arc<AtomicBool>,
}

impl Subscriber {
    fn lose(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    async fn send_line(&self, line: LogLine) {
        match self.events.try_send(EmulatorEvent::Line(line)) {
            Ok(()) => self.stuck.store(false, Ordering::Relaxed),
            Err(TrySendError::Full(event)) if !self.stuck.load(Ordering::Relaxed) => {
                if self.events.send_timeout(event, LINE_PATIENCE).await.is_err() {
                    self.stuck.store(true, Ordering::Relaxed);
                    self.lose();
                }
            }
            Err(_) => self.lose(),
        }
    }
}

/// Where events come from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hub {
    subscribers: Arc<Mutex<Vec<Subscriber>>>,
}

impl Hub {
    pub(crate) fn subscribe(&self) -> Subscription {
        let (sender, events) = mpsc::channel(QUEUE_LENGTH);
        let lost = Arc::new(AtomicU64::new(0));
        let subscriber = Subscriber { events: sender, lost: Arc::clone(&lost), stuck: Arc::default() };
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner).push(subscriber);
        Subscription { events, lost }
    }

    /// Never waits; what finds a full queue is counted as lost.
    pub(crate) fn publish(&self, event: EmulatorEvent) {
        for subscriber in self.present() {
            if subscriber.events.try_send(event.clone()).is_err() {
                subscriber.lose();
            }
        }
    }

    /// Waits a bounded time for room.
    pub(crate) async fn publish_line(&self, line: LogLine) {
        for subscriber in self.present() {
            subscriber.send_line(line.clone()).await;
        }
    }

    fn present(&self) -> Vec<Subscriber> {
        let mut subscribers = self.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        subscribers.retain(|subscriber| !subscriber.events.is_closed());
        subscribers.clone()
    }
}
