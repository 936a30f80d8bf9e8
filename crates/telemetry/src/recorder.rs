//! The records that a function writes into the recorder, where they outlive it.

use std::cell::RefCell;
use std::path::Path;
use std::time::SystemTime;

use crudder_recorder::{
    DatagramSent, InvocationEnded, InvocationStarted, Kind, OpenError, Outcome, ProcessStarted, SpanIds, Writer,
};
use opentelemetry::trace::{Event, SpanContext, SpanId, TraceId};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;

use crate::buffer::with_buffer;
use crate::config::Config;
use crate::otlp::{self, BOUNDS, Phase};
use crate::request::Request;
use crate::time::unix_nanoseconds;

/// The largest record. The recorder accepts an eighth of its ring, 128 kB by default; half of that
/// leaves space for others.
const MAX_RECORD_BYTES: usize = 65_536;

/// Writes this process's records. The ring drops and counts a record that does not fit.
#[derive(Debug)]
pub(crate) struct Recorder {
    writer: Writer,
}

impl Recorder {
    /// Attaches to the ring and writes a record of this process.
    pub(crate) fn open(config: &Config, resource: &Resource) -> Result<Self, OpenError> {
        let recorder = Self { writer: Writer::open(Path::new(&config.recorder_path), config.recorder_bytes as u64)? };
        let daemon = config.xray_daemon.map(|address| address.to_string()).unwrap_or_default();
        let mut message = Vec::new();
        otlp::write_resource(&mut message, resource);
        let process = ProcessStarted {
            started_unix_nano: unix_nanoseconds(SystemTime::now()),
            pid: std::process::id(),
            memory_mb: config.memory_mb.and_then(|mb| u32::try_from(mb).ok()).unwrap_or(0),
            function: config.function_name.as_deref().unwrap_or_default(),
            xray_daemon: &daemon,
            resource: &message,
        };
        recorder.encoded(Kind::ProcessStarted, 0, |out| process.encode(out));
        Ok(recorder)
    }

    /// Whether an extension reads the ring.
    pub(crate) fn is_read(&self) -> bool {
        self.writer.reader_attached()
    }

    pub(crate) fn invocation_started(&self, request: &Request, root: &SpanContext) {
        let started = InvocationStarted {
            started_unix_nano: unix_nanoseconds(SystemTime::now()),
            deadline_unix_ms: unix_nanoseconds(request.deadline) / 1_000_000,
            trace: root.trace_id().to_bytes(),
            segment: request.segment.to_bytes(),
            is_sampled: request.is_sampled,
            is_cold: request.index == 1,
            request_id: &request.id,
        };
        self.encoded(Kind::InvocationStarted, request.index, |out| started.encode(out));
    }

    pub(crate) fn span(&self, index: u32, span: &SpanData, parent: SpanId, phase: Phase) {
        let kind = if phase == Phase::Started { Kind::SpanStarted } else { Kind::SpanEnded };
        let ids = ids(span.span_context.trace_id(), span.span_context.span_id(), parent);
        self.bounded(kind, index, &ids, |out, bounds| otlp::write_span(out, span, parent, phase, bounds));
    }

    /// Writes a report and wakes the extension.
    pub(crate) fn event(&self, index: u32, span: &SpanContext, event: &Event) {
        let ids = ids(span.trace_id(), span.span_id(), SpanId::INVALID);
        self.bounded(Kind::Event, index, &ids, |out, bounds| otlp::write_event(out, event, bounds));
        self.wake_reader();
    }

    pub(crate) fn datagrams_sent(&self, index: u32, datagrams: u8) {
        let sent = DatagramSent { sent_unix_nano: unix_nanoseconds(SystemTime::now()), datagrams };
        let _ = self.writer.write(Kind::DatagramSent, index, &[&sent.encode()]);
    }

    pub(crate) fn invocation_ended(&self, request: &Request, outcome: Outcome) {
        let ended_unix_nano = unix_nanoseconds(SystemTime::now());
        let ended = InvocationEnded { ended_unix_nano, outcome, request_id: &request.id };
        self.encoded(Kind::InvocationEnded, request.index, |out| ended.encode(out));
    }

    /// Sends the extension a wake-up, a datagram on its doorbell.
    pub(crate) fn wake_reader(&self) {
        self.writer.wake_reader();
    }

    fn encoded(&self, kind: Kind, index: u32, encode: impl FnOnce(&mut Vec<u8>)) {
        with_buffer(&BUFFER, MAX_RECORD_BYTES, |out| {
            encode(out);
            let _ = self.writer.write(kind, index, &[out]);
        });
    }

    /// Writes a message that may be too large, with smaller bounds each time until it fits.
    fn bounded(&self, kind: Kind, index: u32, ids: &SpanIds, write: impl Fn(&mut Vec<u8>, otlp::Bounds)) {
        with_buffer(&BUFFER, MAX_RECORD_BYTES, |out| {
            for bounds in BOUNDS {
                out.clear();
                write(out, bounds);
                if out.len() <= MAX_RECORD_BYTES {
                    break;
                }
            }
            let _ = self.writer.write(kind, index, &[&ids.encode(), out]);
        });
    }
}

fn ids(trace: TraceId, span: SpanId, parent: SpanId) -> SpanIds {
    SpanIds { trace: trace.to_bytes(), span: span.to_bytes(), parent: parent.to_bytes() }
}

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}
