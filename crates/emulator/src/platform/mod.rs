//! Platform events: what Lambda reports about its own work, in telemetry and in JSON logs.

mod record;

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tokio::time::Instant;

pub(crate) use self::record::RecordContext;

/// The `status` of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Success,
    Error,
    Failure,
    Timeout,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error => "error",
            Self::Failure => "failure",
            Self::Timeout => "timeout",
        }
    }
}

/// When the processes start: before an invocation, or inside one after a reset ("suppressed init").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InitKind {
    Init,
    Invoke,
}

/// A part of an invocation's duration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    pub(crate) name: &'static str,
    pub(crate) start: Instant,
    pub(crate) duration: Duration,
}

/// How a phase was completed. The error type is set unless it succeeded or timed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Completion {
    pub(crate) status: Status,
    pub(crate) error_type: Option<String>,
}

impl Completion {
    pub(crate) fn success() -> Self {
        Self { status: Status::Success, error_type: None }
    }
}

/// A platform event with the data of the lifecycle. [`RecordContext`] has the rest of its fields.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PlatformEvent {
    InitStart { kind: InitKind },
    InitRuntimeDone { kind: InitKind, completion: Completion },
    InitReport { kind: InitKind, completion: Completion, duration: Duration },
    Start,
    RuntimeDone { completion: Completion, duration: Duration, produced_bytes: usize, spans: Vec<Span> },
    Report { completion: Completion, duration: Duration, init: Option<Duration>, spans: Vec<Span> },
    Extension { name: String, state: &'static str, events: Vec<String>, error_type: Option<String> },
    TelemetrySubscription { name: String, types: Vec<String> },
}

impl PlatformEvent {
    /// Returns the value of `type`: `platform.*`.
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

    /// Whether the event is in CloudWatch at system log level INFO: starts, reports, and the report
    /// of an init phase that failed.
    pub(crate) fn is_logged(&self) -> bool {
        match self {
            Self::Start | Self::Report { .. } => true,
            Self::InitReport { completion, .. } => completion.status != Status::Success,
            _ => false,
        }
    }
}

/// Returns milliseconds with three digits after the point, as Lambda prints them.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// Formats a time as ISO 8601 in UTC with milliseconds.
pub(crate) fn timestamp(at: SystemTime) -> String {
    const FORMAT: &[BorrowedFormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    OffsetDateTime::from(at).format(FORMAT).unwrap_or_default()
}
