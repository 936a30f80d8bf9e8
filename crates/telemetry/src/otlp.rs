//! OTLP's protobuf, written straight from the SDK's spans into a buffer.
//!
//! Field numbers are those of opentelemetry-proto `trace/v1/trace.proto`, `common/v1/common.proto`, `resource/v1/resource.proto`.

use std::time::SystemTime;

use crudder_otlp::write::{
    fixed32, fixed64, length_delimited, length_delimited_len, submessage, varint_field, varint_len,
};
use opentelemetry::trace::{Event, Link, SpanId, SpanKind, Status};
use opentelemetry::{Array, Key, KeyValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;

use crate::xray_span::nanoseconds;

/// Bit 8 of a span's flags: it is known whether the parent is remote; bit 9: it is.
const REMOTENESS_KNOWN: u32 = 0x100;
const PARENT_IS_REMOTE: u32 = 0x200;

/// What a message may hold, so that a record stays below an eighth of the recorder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Longer strings are cut.
    string_bytes: usize,
    /// Later attributes, events and links are left away, and counted as dropped.
    members: usize,
}

/// What a span normally may hold; what it may hold when that was too much; and when that was too much, too.
pub(crate) const BOUNDS: [Bounds; 3] = [
    Bounds { string_bytes: 16_384, members: 128 },
    Bounds { string_bytes: 512, members: 24 },
    Bounds { string_bytes: 128, members: 8 },
];

/// How far a span has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It starts: the end stays open.
    Started,
    /// It has ended.
    Ended,
}

/// Writes a `Span`. Its parent is given apart: outside X-Ray it is not Lambda's segment.
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
    fixed64(out, 7, nanoseconds(span.start_time));
    if phase == Phase::Ended {
        // A clock that stepped back must not make a span end before it began.
        fixed64(out, 8, nanoseconds(span.end_time).max(nanoseconds(span.start_time)));
    }
    let missing = attributes(out, 9, &span.attributes, bounds);
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
    fixed64(out, 1, nanoseconds(event.timestamp));
    length_delimited(out, 2, cut(&event.name, bounds).as_bytes());
    let missing = attributes(out, 3, &event.attributes, bounds);
    count(out, 4, event.dropped_attributes_count, missing);
}

/// Writes a `Resource`.
pub(crate) fn write_resource(out: &mut Vec<u8>, resource: &Resource) {
    for (key, value) in resource.iter() {
        submessage(out, 1, pair_bytes(key, value, BOUNDS[0]), |out| write_pair(out, key, value, BOUNDS[0]));
    }
}

/// An event at `time`.
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
    let missing = attributes(out, 4, &link.attributes, bounds);
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

/// The attributes that are written: of two with one key the later, as keys must be unique.
fn kept(all: &[KeyValue], bounds: Bounds) -> impl Iterator<Item = &KeyValue> {
    unique(all).take(bounds.members)
}

fn unique(all: &[KeyValue]) -> impl Iterator<Item = &KeyValue> {
    let is_last = |at: usize, key: &Key| !all[at + 1..].iter().any(|later| later.key == *key);
    all.iter().enumerate().filter(move |(at, pair)| is_last(*at, &pair.key)).map(|(_, pair)| pair)
}

fn dropped_attributes(counted: u32, all: &[KeyValue], bounds: Bounds) -> u64 {
    u64::from(counted) + unique(all).count().saturating_sub(bounds.members) as u64
}

/// Writes attributes; answers how many were left away.
fn attributes(out: &mut Vec<u8>, field: u32, all: &[KeyValue], bounds: Bounds) -> usize {
    for pair in kept(all, bounds) {
        let size = pair_bytes(&pair.key, &pair.value, bounds);
        submessage(out, field, size, |out| write_pair(out, &pair.key, &pair.value, bounds));
    }
    if all.len() > bounds.members { unique(all).count().saturating_sub(bounds.members) } else { 0 }
}

/// An annotation is X-Ray's affair: others see the attribute without its prefix.
fn plain(key: &Key) -> &str {
    key.as_str().strip_prefix(crudder_xray::ANNOTATION_PREFIX).unwrap_or(key.as_str())
}

fn write_pair(out: &mut Vec<u8>, key: &Key, value: &Value, bounds: Bounds) {
    length_delimited(out, 1, cut(plain(key), bounds).as_bytes());
    submessage(out, 2, value_bytes(value, bounds), |out| write_value(out, value, bounds));
}

fn pair_bytes(key: &Key, value: &Value, bounds: Bounds) -> usize {
    length_delimited_len(1, cut(plain(key), bounds).len()) + length_delimited_len(2, value_bytes(value, bounds))
}

fn write_value(out: &mut Vec<u8>, value: &Value, bounds: Bounds) {
    match value {
        Value::String(text) => length_delimited(out, 1, cut(text.as_str(), bounds).as_bytes()),
        Value::Bool(truth) => varint_field(out, 2, u64::from(*truth)),
        Value::I64(whole) => varint_field(out, 3, whole.cast_unsigned()),
        Value::F64(float) => fixed64(out, 4, float.to_bits()),
        Value::Array(array) => submessage(out, 5, array_bytes(array, bounds), |out| write_array(out, array, bounds)),
        // The enum may grow: what is new is an empty value, which OTLP knows.
        _ => (),
    }
}

fn value_bytes(value: &Value, bounds: Bounds) -> usize {
    match value {
        Value::String(text) => length_delimited_len(1, cut(text.as_str(), bounds).len()),
        Value::Bool(_) => 2,
        Value::I64(whole) => 1 + varint_len(whole.cast_unsigned()),
        Value::F64(_) => 9,
        Value::Array(array) => length_delimited_len(5, array_bytes(array, bounds)),
        _ => 0,
    }
}

/// Hands each element of an array on as a value.
fn each(array: &Array, bounds: Bounds, mut take: impl FnMut(&Value)) {
    match array {
        Array::Bool(all) => all.iter().take(bounds.members).for_each(|one| take(&Value::Bool(*one))),
        Array::I64(all) => all.iter().take(bounds.members).for_each(|one| take(&Value::I64(*one))),
        Array::F64(all) => all.iter().take(bounds.members).for_each(|one| take(&Value::F64(*one))),
        Array::String(all) => all.iter().take(bounds.members).for_each(|one| take(&Value::String(one.clone()))),
        _ => (),
    }
}

fn write_array(out: &mut Vec<u8>, array: &Array, bounds: Bounds) {
    each(array, bounds, |one| submessage(out, 1, value_bytes(one, bounds), |out| write_value(out, one, bounds)));
}

fn array_bytes(array: &Array, bounds: Bounds) -> usize {
    let mut sum = 0;
    each(array, bounds, |one| sum += length_delimited_len(1, value_bytes(one, bounds)));
    sum
}

fn cut(text: &str, bounds: Bounds) -> &str {
    &text[..text.floor_char_boundary(bounds.string_bytes)]
}

/// A count, left away when it is zero as protobuf has it.
fn count(out: &mut Vec<u8>, field: u32, counted: u32, missing: usize) {
    let sum = u64::from(counted) + missing as u64;
    if sum > 0 {
        varint_field(out, field, sum);
    }
}

fn count_bytes(sum: u64) -> usize {
    if sum > 0 { 1 + varint_len(sum) } else { 0 }
}
