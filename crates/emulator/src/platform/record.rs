//! The `record` of each platform event, with the fields of Telemetry API schema 2022-12-13.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{Completion, InitKind, PlatformEvent, Span, milliseconds, timestamp};
use crate::trace::TraceHeaders;

/// The fields of a record that the lifecycle does not know.
#[derive(Debug)]
pub(crate) struct RecordContext<'a> {
    pub(crate) function: &'a str,
    pub(crate) log_stream: &'a str,
    pub(crate) memory_mb: u32,
    pub(crate) max_memory_used_mb: u64,
    pub(crate) request_id: &'a str,
    pub(crate) trace: Option<&'a TraceHeaders>,
    /// Whether this is a Lambda Managed Instance, whose reports have fewer metrics.
    pub(crate) is_managed: bool,
    /// The same time on both clocks, to convert the start of a span.
    pub(crate) clock_anchor: (Instant, SystemTime),
}

type Record = Map<String, Value>;

impl PlatformEvent {
    /// Returns the event's `record`.
    pub(crate) fn record(&self, context: &RecordContext<'_>) -> Value {
        let mut record = Record::new();
        match self {
            Self::InitStart { kind } => init_start(&mut record, *kind, context),
            Self::InitRuntimeDone { kind, completion } => init_end(&mut record, *kind, completion),
            Self::InitReport { kind, completion, duration } => {
                init_end(&mut record, *kind, completion);
                put(&mut record, "metrics", json!({ "durationMs": milliseconds(*duration) }));
            }
            Self::Start => {
                put(&mut record, "requestId", context.request_id);
                put(&mut record, "version", "$LATEST");
                put_tracing(&mut record, context);
            }
            Self::RuntimeDone { completion, duration, produced_bytes, spans } => {
                let metrics = json!({ "durationMs": milliseconds(*duration), "producedBytes": produced_bytes });
                invocation_end(&mut record, completion, metrics, spans, context);
            }
            Self::Report { completion, duration, init, spans } => {
                invocation_end(&mut record, completion, metrics(*duration, *init, context), spans, context);
            }
            Self::Extension { name, state, events, error_type } => {
                put(&mut record, "name", name.as_str());
                put(&mut record, "state", *state);
                put(&mut record, "events", events.as_slice());
                put_error_type(&mut record, error_type.as_deref());
            }
            Self::TelemetrySubscription { name, types } => {
                put(&mut record, "name", name.as_str());
                put(&mut record, "state", "Subscribed");
                put(&mut record, "types", types.as_slice());
            }
        }
        Value::Object(record)
    }
}

fn put(record: &mut Record, name: &str, value: impl Into<Value>) {
    record.insert(name.to_owned(), value.into());
}

fn put_init(record: &mut Record, kind: InitKind) {
    let phase = match kind {
        InitKind::Init => "init",
        InitKind::Invoke => "invoke",
    };
    put(record, "initializationType", "on-demand");
    put(record, "phase", phase);
}

fn init_start(record: &mut Record, kind: InitKind, context: &RecordContext<'_>) {
    put_init(record, kind);
    put(record, "functionName", context.function);
    put(record, "functionVersion", "$LATEST");
    put(record, "instanceId", context.log_stream);
    // Lambda sends bytes, although AWS's schema reference shows megabytes.
    put(record, "instanceMaxMemory", u64::from(context.memory_mb) * 1024 * 1024);
    put(record, "runtimeVersion", "provided:al2023.emulator");
}

fn init_end(record: &mut Record, kind: InitKind, completion: &Completion) {
    put_init(record, kind);
    put_completion(record, completion);
}

fn invocation_end(
    record: &mut Record,
    completion: &Completion,
    metrics: Value,
    spans: &[Span],
    context: &RecordContext<'_>,
) {
    put(record, "requestId", context.request_id);
    put_completion(record, completion);
    put(record, "metrics", metrics);
    put_spans(record, spans, context);
    put_tracing(record, context);
}

fn put_completion(record: &mut Record, completion: &Completion) {
    put(record, "status", completion.status.as_str());
    put_error_type(record, completion.error_type.as_deref());
}

fn put_error_type(record: &mut Record, error_type: Option<&str>) {
    if let Some(error_type) = error_type {
        put(record, "errorType", error_type);
    }
}

/// Returns the metrics of `platform.report`. Since 2025 AWS bills the init phase too; the billed
/// duration is in whole milliseconds.
fn metrics(duration: Duration, init: Option<Duration>, context: &RecordContext<'_>) -> Value {
    if context.is_managed {
        return json!({ "durationMs": milliseconds(duration) });
    }
    let billed = milliseconds(duration + init.unwrap_or_default()).ceil() as u64;
    let mut metrics = json!({
        "durationMs": milliseconds(duration),
        "billedDurationMs": billed,
        "memorySizeMB": context.memory_mb,
        "maxMemoryUsedMB": context.max_memory_used_mb,
    });
    if let (Some(init), Some(metrics)) = (init, metrics.as_object_mut()) {
        put(metrics, "initDurationMs", milliseconds(init));
    }
    metrics
}

fn put_spans(record: &mut Record, spans: &[Span], context: &RecordContext<'_>) {
    if spans.is_empty() {
        return;
    }
    let (instant, wall_clock) = context.clock_anchor;
    let spans = spans.iter().map(|span| {
        let start = wall_clock + span.start.saturating_duration_since(instant);
        json!({ "name": span.name, "start": timestamp(start), "durationMs": milliseconds(span.duration) })
    });
    put(record, "spans", spans.collect::<Value>());
}

/// Adds `tracing` if the trace is sampled.
fn put_tracing(record: &mut Record, context: &RecordContext<'_>) {
    if let Some(trace) = context.trace.filter(|trace| trace.sampled()) {
        let tracing = json!({ "spanId": trace.segment_id, "type": "X-Amzn-Trace-Id", "value": trace.upstream });
        put(record, "tracing", tracing);
    }
}
