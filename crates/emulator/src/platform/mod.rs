//! What Lambda says about its own work: the platform events of the Telemetry API and of JSON logs.

mod record;

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tokio::time::Instant;

pub(crate) use self::record::Context;

/// How a phase ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Success,
    Error,
    Failure,
    Timeout,
}

impl Status {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error => "error",
            Self::Failure => "failure",
            Self::Timeout => "timeout",
        }
    }
}

/// When the processes came up: ahead of an invocation, or inside one after a reset ("suppressed init").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InitPhase {
    Init,
    Invoke,
}

/// A part of an invocation's time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    pub(crate) name: &'static str,
    pub(crate) start: Instant,
    pub(crate) duration: Duration,
}

/// How something ended, and the error type where it did not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) status: Status,
    pub(crate) error_type: Option<String>,
}

impl Verdict {
    pub(crate) fn success() -> Self {
        Self { status: Status::Success, error_type: None }
    }
}

/// The events that the environment's life brings forth; what only the loop knows is in [`Context`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Platform {
    InitStart { phase: InitPhase },
    InitRuntimeDone { phase: InitPhase, verdict: Verdict },
    InitReport { phase: InitPhase, verdict: Verdict, duration: Duration },
    Start,
    RuntimeDone { verdict: Verdict, duration: Duration, produced_bytes: usize, spans: Vec<Span> },
    Report { verdict: Verdict, duration: Duration, init: Option<Duration>, spans: Vec<Span> },
    Extension { name: String, state: &'static str, events: Vec<String>, error_type: Option<String> },
    TelemetrySubscription { name: String, types: Vec<String> },
}

impl Platform {
    /// `platform.*`, as in `type`.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::InitStart { .. } => "platform.initStart",
            Self::InitRuntimeDone { .. } => "platform.initRuntimeDone",
            Self::InitReport { .. } => "platform.initReport",
            Self::Start => "platform.start",
            Self::RuntimeDone { .. } => "platform.runtimeDone",
            Self::Report { .. } => "platform.report",
            Self::Extension { .. } => "platform.extension",
            Self::TelemetrySubscription { .. } => "platform.telemetrySubscription",
        }
    }

    /// Whether CloudWatch gets it at system log level INFO: starts, reports, and reports of an init that failed.
    pub(crate) fn logged(&self) -> bool {
        match self {
            Self::Start | Self::Report { .. } => true,
            Self::InitReport { verdict, .. } => verdict.status != Status::Success,
            _ => false,
        }
    }
}

/// Milliseconds with three digits after the point, as Lambda prints them.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// ISO 8601 with milliseconds, UTC.
pub(crate) fn timestamp(at: SystemTime) -> String {
    const FORMAT: &[BorrowedFormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    OffsetDateTime::from(at).format(FORMAT).unwrap_or_default()
}
