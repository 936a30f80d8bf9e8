//! The events that an emulator publishes: log lines, and changes of environments and invocations.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// How many events may wait for one subscriber: a burst of a few seconds from a busy emulator, some
/// 10 MB of ordinary lines.
const QUEUE_LENGTH: usize = 65_536;

/// How long a line waits for a slow subscriber before it counts as lost. In this time the
/// function's pipe fills and its writes block, as they would on Lambda. They must not block forever.
const LINE_TIMEOUT: Duration = Duration::from_secs(1);

/// The process that wrote a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The runtime, which is the function.
    Function,
    /// The extension of this name.
    Extension(String),
    /// Lambda itself.
    Platform,
}

/// The stream that a line was written to.
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
    /// When the emulator read the line.
    pub time: SystemTime,
    /// The function whose log group the line belongs to.
    pub function: String,
    /// The environment's id.
    pub environment: String,
    /// The name of the CloudWatch log stream.
    pub log_stream: String,
    /// The process that wrote the line.
    pub source: Source,
    /// The stream. Lines of the platform count as standard output.
    pub stream: Stream,
    /// The line without its line end. Invalid UTF-8 is replaced.
    pub line: String,
}

/// How far an environment has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvironmentEnd {
    /// Its processes have ended after a failure or a timeout. The environment and its folder stay,
    /// and the next invocation starts new processes.
    Reset,
    /// The environment and its folder are gone.
    Removed,
}

/// An event of an emulator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmulatorEvent {
    /// A process or the platform wrote a log line.
    Line(LogLine),
    /// An environment was created. Its processes start next.
    EnvironmentStarted {
        /// The environment's id.
        environment: String,
        /// The environment's function.
        function: String,
        /// The environment's folder. `tmp` in it is the function's `/tmp`.
        folder: PathBuf,
    },
    /// A process was started.
    ProcessStarted {
        /// The environment's id.
        environment: String,
        /// [`Source::Function`] or [`Source::Extension`].
        process: Source,
        /// The process id, which is also the id of its process group.
        pid: u32,
    },
    /// A process exited.
    ProcessEnded {
        /// The environment's id.
        environment: String,
        /// [`Source::Function`] or [`Source::Extension`].
        process: Source,
        /// The exit status as Go prints it: `exit status 101`, `signal: killed`.
        exit_status: String,
    },
    /// All processes of an environment wait in `next` and were stopped.
    Frozen {
        /// The environment's id.
        environment: String,
    },
    /// The processes of an environment run again.
    Thawed {
        /// The environment's id.
        environment: String,
    },
    /// All processes of an environment have ended.
    EnvironmentEnded {
        /// The environment's id.
        environment: String,
        /// Whether the environment stays.
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
        /// The id of the function's segment, 16 hex digits.
        segment_id: String,
        /// Whether processes were started for this invocation.
        cold_start: bool,
    },
    /// The environment is done with an invocation. The caller may have had the response before.
    InvocationEnded {
        /// The environment's id.
        environment: String,
        /// The request id.
        request_id: String,
        /// `success`, `error`, `failure` or `timeout`.
        status: &'static str,
        /// The error type, as in `platform.report`.
        error_type: Option<String>,
    },
}

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
