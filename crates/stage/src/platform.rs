//! What Lambda says about its own work: the platform events, as records of the Telemetry API and of JSON logs.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};
use tokio::time::Instant;

use crate::trace::Trace;

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

/// What a record says beside the event itself.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) function: &'a str,
    pub(crate) log_stream: &'a str,
    pub(crate) memory_mb: u32,
    pub(crate) max_memory_used_mb: u64,
    pub(crate) request_id: &'a str,
    pub(crate) trace: Option<&'a Trace>,
    /// One moment on both clocks, to place spans in the calendar.
    pub(crate) anchor: (Instant, SystemTime),
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

    /// The `record`, with the fields of the event schema 2022-12-13.
    pub(crate) fn record(&self, context: &Context<'_>) -> Value {
        let mut record = Map::new();
        match self {
            Self::InitStart { phase } => init_start(&mut record, *phase, context),
            Self::InitRuntimeDone { phase, verdict } => {
                init(&mut record, *phase);
                put_verdict(&mut record, verdict);
            }
            Self::InitReport { phase, verdict, duration } => {
                init(&mut record, *phase);
                put_verdict(&mut record, verdict);
                record.insert("metrics".to_owned(), json!({ "durationMs": milliseconds(*duration) }));
            }
            Self::Start => {
                record.insert("requestId".to_owned(), context.request_id.into());
                record.insert("version".to_owned(), "$LATEST".into());
                put_tracing(&mut record, context);
            }
            Self::RuntimeDone { verdict, duration, produced_bytes, spans } => {
                record.insert("requestId".to_owned(), context.request_id.into());
                put_verdict(&mut record, verdict);
                let metrics = json!({ "durationMs": milliseconds(*duration), "producedBytes": produced_bytes });
                record.insert("metrics".to_owned(), metrics);
                put_spans(&mut record, spans, context);
                put_tracing(&mut record, context);
            }
            Self::Report { verdict, duration, init, spans } => {
                record.insert("requestId".to_owned(), context.request_id.into());
                put_verdict(&mut record, verdict);
                record.insert("metrics".to_owned(), metrics(*duration, *init, context));
                put_spans(&mut record, spans, context);
                put_tracing(&mut record, context);
            }
            Self::Extension { name, state, events, error_type } => {
                record.insert("name".to_owned(), name.as_str().into());
                record.insert("state".to_owned(), (*state).into());
                record.insert("events".to_owned(), events.as_slice().into());
                if let Some(error_type) = error_type {
                    record.insert("errorType".to_owned(), error_type.as_str().into());
                }
            }
            Self::TelemetrySubscription { name, types } => {
                record.insert("name".to_owned(), name.as_str().into());
                record.insert("state".to_owned(), "Subscribed".into());
                record.insert("types".to_owned(), types.as_slice().into());
            }
        }
        Value::Object(record)
    }
}

fn init(record: &mut Map<String, Value>, phase: InitPhase) {
    let phase = match phase {
        InitPhase::Init => "init",
        InitPhase::Invoke => "invoke",
    };
    record.insert("initializationType".to_owned(), "on-demand".into());
    record.insert("phase".to_owned(), phase.into());
}

fn init_start(record: &mut Map<String, Value>, phase: InitPhase, context: &Context<'_>) {
    init(record, phase);
    record.insert("functionName".to_owned(), context.function.into());
    record.insert("functionVersion".to_owned(), "$LATEST".into());
    record.insert("instanceId".to_owned(), context.log_stream.into());
    // Seen live in bytes, though the schema page shows megabytes.
    record.insert("instanceMaxMemory".to_owned(), (u64::from(context.memory_mb) * 1024 * 1024).into());
    record.insert("runtimeVersion".to_owned(), "provided:al2023.stage".into());
}

fn put_verdict(record: &mut Map<String, Value>, verdict: &Verdict) {
    record.insert("status".to_owned(), verdict.status.word().into());
    if let Some(error_type) = &verdict.error_type {
        record.insert("errorType".to_owned(), error_type.as_str().into());
    }
}

/// Billed time includes the init phase since 2025, in whole milliseconds.
fn metrics(duration: Duration, init: Option<Duration>, context: &Context<'_>) -> Value {
    let billed = milliseconds(duration + init.unwrap_or_default()).ceil() as u64;
    let mut metrics = json!({
        "durationMs": milliseconds(duration),
        "billedDurationMs": billed,
        "memorySizeMB": context.memory_mb,
        "maxMemoryUsedMB": context.max_memory_used_mb,
    });
    if let (Some(init), Some(metrics)) = (init, metrics.as_object_mut()) {
        metrics.insert("initDurationMs".to_owned(), milliseconds(init).into());
    }
    metrics
}

fn put_spans(record: &mut Map<String, Value>, spans: &[Span], context: &Context<'_>) {
    if spans.is_empty() {
        return;
    }
    let (instant, calendar) = context.anchor;
    let spans = spans.iter().map(|span| {
        let start = calendar + span.start.saturating_duration_since(instant);
        json!({ "name": span.name, "start": timestamp(start), "durationMs": milliseconds(span.duration) })
    });
    record.insert("spans".to_owned(), spans.collect());
}

/// Absent when the trace is not sampled.
fn put_tracing(record: &mut Map<String, Value>, context: &Context<'_>) {
    if let Some(trace) = context.trace.filter(|trace| trace.sampled()) {
        let tracing = json!({ "spanId": trace.segment_id, "type": "X-Amzn-Trace-Id", "value": trace.upstream });
        record.insert("tracing".to_owned(), tracing);
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
