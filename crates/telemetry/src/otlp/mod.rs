//! Encodes the SDK's spans as OTLP protobuf, straight into a buffer.
//!
//! Field numbers are those of opentelemetry-proto `trace/v1/trace.proto`, `common/v1/common.proto`
//! and `resource/v1/resource.proto`.

mod attributes;
mod bounds;
mod value;

use std::time::SystemTime;

use crudder_otlp::write::{
    fixed32, fixed64, length_delimited, length_delimited_len, submessage, varint_field, varint_len,
};
use opentelemetry::KeyValue;
use opentelemetry::trace::{Event, Link, SpanId, SpanKind, Status};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;

use attributes::{dropped_attributes, kept, pair_bytes, write_attributes, write_pair};
use bounds::cut;
pub(crate) use bounds::{BOUNDS, Bounds};

use crate::time::unix_nanoseconds;

/// Bit 8 of a span's flags: whether the parent is remote is known; bit 9: it is remote.
const REMOTENESS_KNOWN: u32 = 0x100;
const PARENT_IS_REMOTE: u32 = 0x200;

/// Whether a span has started or ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It has started: its end is not written.
    Started,
    /// It has ended.
    Ended,
}

/// Writes a `Span`. `parent` replaces the span's own parent: outside X-Ray a root is not a child
/// of Lambda's segment.
pub(crate) fn write_span(out: &mut Vec<u8>, span: &SpanData, parent: SpanId, phase: Phase, bounds: Bounds) {
    let context = &span.span_context;
    length_delimited(out, 1, &context.trace_id().to_bytes());
    length_delimited(out, 2, &context.span_id().to_bytes());
    let state = context.trace_state().header();
    if !state.is_empty() {
        length_delimited(out, 3, cut(&state, bounds).as_bytes());
    }
    if parent != SpanId::INVALID {
        length_delimited(out, 4, &parent.to_bytes());
    }
    length_delimited(out, 5, cut(&span.name, bounds).as_bytes());
    varint_field(out, 6, kind(&span.span_kind));
    fixed64(out, 7, unix_nanoseconds(span.start_time));
    if phase == Phase::Ended {
        // If the clock stepped back, the span must still not end before it started.
        fixed64(out, 8, unix_nanoseconds(span.end_time).max(unix_nanoseconds(span.start_time)));
    }
    let missing = write_attributes(out, 9, &span.attributes, bounds);
    count(out, 10, span.dropped_attributes_count, missing);
    for event in span.events.iter().take(bounds.members) {
        submessage(out, 11, event_bytes(event, bounds), |out| write_event(out, event, bounds));
    }
    count(out, 12, span.events.dropped_count, span.events.len().saturating_sub(bounds.members));
    for link in span.links.iter().take(bounds.members) {
        submessage(out, 13, link_bytes(link, bounds), |out| write_link(out, link, bounds));
    }
    count(out, 14, span.links.dropped_count, span.links.len().saturating_sub(bounds.members));
    write_status(out, &span.status, bounds);
    let remote = if span.parent_span_is_remote && parent != SpanId::INVALID { PARENT_IS_REMOTE } else { 0 };
    fixed32(out, 16, u32::from(context.trace_flags().to_u8()) | REMOTENESS_KNOWN | remote);
}

/// Writes a `Span.Event`.
pub(crate) fn write_event(out: &mut Vec<u8>, event: &Event, bounds: Bounds) {
    fixed64(out, 1, unix_nanoseconds(event.timestamp));
    length_delimited(out, 2, cut(&event.name, bounds).as_bytes());
    let missing = write_attributes(out, 3, &event.attributes, bounds);
    count(out, 4, event.dropped_attributes_count, missing);
}

/// Writes a `Resource`.
pub(crate) fn write_resource(out: &mut Vec<u8>, resource: &Resource) {
    for (key, value) in resource.iter() {
        submessage(out, 1, pair_bytes(key, value, BOUNDS[0]), |out| write_pair(out, key, value, BOUNDS[0]));
    }
}

/// Returns an event at `time`.
pub(crate) fn event_at(time: SystemTime, name: &'static str, attributes: Vec<KeyValue>) -> Event {
    Event::new(name, time, attributes, 0)
}

fn event_bytes(event: &Event, bounds: Bounds) -> usize {
    let pairs =
        kept(&event.attributes, bounds).map(|pair| length_delimited_len(3, pair_bytes(&pair.key, &pair.value, bounds)));
    let dropped = dropped_attributes(event.dropped_attributes_count, &event.attributes, bounds);
    9 + length_delimited_len(2, cut(&event.name, bounds).len()) + pairs.sum::<usize>() + count_bytes(dropped)
}

fn write_link(out: &mut Vec<u8>, link: &Link, bounds: Bounds) {
    length_delimited(out, 1, &link.span_context.trace_id().to_bytes());
    length_delimited(out, 2, &link.span_context.span_id().to_bytes());
    let state = link.span_context.trace_state().header();
    if !state.is_empty() {
        length_delimited(out, 3, cut(&state, bounds).as_bytes());
    }
    let missing = write_attributes(out, 4, &link.attributes, bounds);
    count(out, 5, link.dropped_attributes_count, missing);
    fixed32(out, 6, link_flags(link));
}

fn link_flags(link: &Link) -> u32 {
    let remote = if link.span_context.is_remote() { PARENT_IS_REMOTE } else { 0 };
    u32::from(link.span_context.trace_flags().to_u8()) | REMOTENESS_KNOWN | remote
}

fn link_bytes(link: &Link, bounds: Bounds) -> usize {
    let pairs =
        kept(&link.attributes, bounds).map(|pair| length_delimited_len(4, pair_bytes(&pair.key, &pair.value, bounds)));
    let dropped = dropped_attributes(link.dropped_attributes_count, &link.attributes, bounds);
    let state = link.span_context.trace_state().header();
    let state = if state.is_empty() { 0 } else { length_delimited_len(3, cut(&state, bounds).len()) };
    length_delimited_len(1, 16) + length_delimited_len(2, 8) + state + pairs.sum::<usize>() + count_bytes(dropped) + 5
}

fn write_status(out: &mut Vec<u8>, status: &Status, bounds: Bounds) {
    let (code, message) = match status {
        Status::Unset => return,
        Status::Ok => (1, ""),
        Status::Error { description } => (2, cut(description, bounds)),
    };
    let message_bytes = if message.is_empty() { 0 } else { length_delimited_len(2, message.len()) };
    submessage(out, 15, message_bytes + 2, |out| {
        if !message.is_empty() {
            length_delimited(out, 2, message.as_bytes());
        }
        varint_field(out, 3, code);
    });
}

fn kind(kind: &SpanKind) -> u64 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

/// Writes the sum of two counts; protobuf leaves a zero out.
fn count(out: &mut Vec<u8>, field: u32, counted: u32, missing: usize) {
    let sum = u64::from(counted) + missing as u64;
    if sum > 0 {
        varint_field(out, field, sum);
    }
}

fn count_bytes(sum: u64) -> usize {
    if sum > 0 { 1 + varint_len(sum) } else { 0 }
}
