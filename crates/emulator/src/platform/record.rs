//! The records of platform events, with the fields of the event schema 2022-12-13.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{InitPhase, Platform, Span, Verdict, milliseconds, timestamp};
use crate::trace::Trace;

/// What a record says beside the event itself.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) function: &'a str,
    pub(crate) log_stream: &'a str,
    pub(crate) memory_mb: u32,
    pub(crate) max_memory_used_mb: u64,
    pub(crate) request_id: &'a str,
    pub(crate) trace: Option<&'a Trace>,
    /// Whether it is a Lambda Managed Instance, which measures less.
    pub(crate) managed: bool,
    /// One moment on both clocks, to place spans in the calendar.
    pub(crate) anchor: (Instant, SystemTime),
}

type Record = Map<String, Value>;

impl Platform {
    /// The `record`.
    pub(crate) fn record(&self, context: &Context<'_>) -> Value {
        let mut record = Record::new();
        match self {
            Self::InitStart { phase } => init_start(&mut record, *phase, context),
            Self::InitRuntimeDone { phase, verdict } => init_end(&mut record, *phase, verdict),
            Self::InitReport { phase, verdict, duration } => {
                init_end(&mut record, *phase, verdict);
                put(&mut record, "metrics", json!({ "durationMs": milliseconds(*duration) }));
            }
            Self::Start => {
                put(&mut record, "requestId", context.request_id);
                put(&mut record, "version", "$LATEST");
                put_tracing(&mut record, context);
            }
            Self::RuntimeDone { verdict, duration, produced_bytes, spans } => {
                let metrics = json!({ "durationMs": milliseconds(*duration), "producedBytes": produced_bytes });
                invocation_end(&mut record, verdict, metrics, spans, context);
            }
            Self::Report { verdict, duration, init, spans } => {
                invocation_end(&mut record, verdict, metrics(*duration, *init, context), spans, context);
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

fn init(record: &mut Record, phase: InitPhase) {
    let phase = match phase {
        InitPhase::Init => "init",
        InitPhase::Invoke => "invoke",
    };
    put(record, "initializationType", "on-demand");
    put(record, "phase", phase);
}

fn init_start(record: &mut Record, phase: InitPhase, context: &Context<'_>) {
    init(record, phase);
    put(record, "functionName", context.function);
    put(record, "functionVersion", "$LATEST");
    put(record, "instanceId", context.log_stream);
    // Seen live in bytes, though the schema page shows megabytes.
    put(record, "instanceMaxMemory", u64::from(context.memory_mb) * 1024 * 1024);
    put(record, "runtimeVersion", "provided:al2023.emulator");
}

fn init_end(record: &mut Record, phase: InitPhase, verdict: &Verdict) {
    init(record, phase);
    put_verdict(record, verdict);
}

fn invocation_end(record: &mut Record, verdict: &Verdict, metrics: Value, spans: &[Span], context: &Context<'_>) {
    put(record, "requestId", context.request_id);
    put_verdict(record, verdict);
    put(record, "metrics", metrics);
    put_spans(record, spans, context);
    put_tracing(record, context);
}

fn put_verdict(record: &mut Record, verdict: &Verdict) {
    put(record, "status", verdict.status.word());
    put_error_type(record, verdict.error_type.as_deref());
}

fn put_error_type(record: &mut Record, error_type: Option<&str>) {
    if let Some(error_type) = error_type {
        put(record, "errorType", error_type);
    }
}

/// Billed time includes the init phase since 2025, in whole milliseconds.
fn metrics(duration: Duration, init: Option<Duration>, context: &Context<'_>) -> Value {
    if context.managed {
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

fn put_spans(record: &mut Record, spans: &[Span], context: &Context<'_>) {
    if spans.is_empty() {
        return;
    }
    let (instant, calendar) = context.anchor;
    let spans = spans.iter().map(|span| {
        let start = calendar + span.start.saturating_duration_since(instant);
        json!({ "name": span.name, "start": timestamp(start), "durationMs": milliseconds(span.duration) })
    });
    put(record, "spans", spans.collect::<Value>());
}

/// Absent when the trace is not sampled.
fn put_tracing(record: &mut Record, context: &Context<'_>) {
    if let Some(trace) = context.trace.filter(|trace| trace.sampled()) {
        let tracing = json!({ "spanId": trace.segment_id, "type": "X-Amzn-Trace-Id", "value": trace.upstream });
        put(record, "tracing", tracing);
    }
}
