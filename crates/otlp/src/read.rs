//! OTLP's protobuf, as far as the layer needs it: borrowed spans out of the ring, and requests around them.
//!
//! Field numbers are those of opentelemetry-proto `trace/v1/trace.proto` and `common/v1/common.proto`.

use crate::types::{Attribute, Event, Kind, Span, Value};
use crate::write as wire;
pub use crate::write::{bytes as put_bytes, fixed64 as put_fixed64};

/// One field of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32,
}

/// Walks a message's fields; ends at the first that makes no sense.
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for index in 0..10 {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7F).checked_shl(7 * index)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u32, Field<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let key = self.varint()?;
        let field = match key & 7 {
            0 => Field::Varint(self.varint()?),
            1 => Field::Fixed64(u64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Field::Bytes(self.take(length)?)
            }
            5 => {
                self.take(4)?;
                Field::Fixed32
            }
            _ => return None,
        };
        Some((u32::try_from(key >> 3).ok()?, field))
    }
}

/// What is known of a span without decoding its attributes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outline {
    pub start_ns: u64,
    pub end_ns: u64,
    pub failed: bool,
}

pub fn outline(span: &[u8]) -> Outline {
    let mut outline = Outline::default();
    for (number, field) in Fields(span) {
        match (number, field) {
            (7, Field::Fixed64(time)) => outline.start_ns = time,
            (8, Field::Fixed64(time)) => outline.end_ns = time,
            (15, Field::Bytes(status)) => outline.failed = is_error(status),
            _ => (),
        }
    }
    outline
}

fn is_error(status: &[u8]) -> bool {
    Fields(status).any(|field| field == (3, Field::Varint(2)))
}

/// A span as the writer of X-Ray documents takes it. What is not OTLP is left out.
pub fn span(bytes: &[u8]) -> Span<'_> {
    let mut span = Span {
        trace_id: 0,
        id: 0,
        parent_id: 0,
        name: "",
        kind: Kind::Internal,
        start_ns: 0,
        end_ns: None,
        failed: false,
        status_message: "",
        attributes: Vec::new(),
        events: Vec::new(),
    };
    for (number, field) in Fields(bytes) {
        match (number, field) {
            (1, Field::Bytes(id)) => span.trace_id = id.try_into().map(u128::from_be_bytes).unwrap_or(0),
            (2, Field::Bytes(id)) => span.id = id.try_into().map(u64::from_be_bytes).unwrap_or(0),
            (4, Field::Bytes(id)) => span.parent_id = id.try_into().map(u64::from_be_bytes).unwrap_or(0),
            (5, Field::Bytes(name)) => span.name = text(name),
            (6, Field::Varint(number)) => span.kind = kind(number),
            (7, Field::Fixed64(time)) => span.start_ns = time,
            (8, Field::Fixed64(time)) => span.end_ns = (time > 0).then_some(time),
            (9, Field::Bytes(pair)) => span.attributes.extend(attribute(pair)),
            (11, Field::Bytes(bytes)) => span.events.push(event(bytes)),
            (15, Field::Bytes(status)) => {
                span.failed = is_error(status);
                span.status_message = Fields(status)
                    .find_map(|(number, field)| match field {
                        Field::Bytes(message) if number == 2 => Some(text(message)),
                        _ => None,
                    })
                    .unwrap_or_default();
            }
            _ => (),
        }
    }
    span
}

/// An OTLP `Span.Event`.
pub fn event(bytes: &[u8]) -> Event<'_> {
    let mut event = Event { name: "", attributes: Vec::new() };
    for (number, field) in Fields(bytes) {
        match (number, field) {
            (2, Field::Bytes(name)) => event.name = text(name),
            (3, Field::Bytes(pair)) => event.attributes.extend(attribute(pair)),
            _ => (),
        }
    }
    event
}

/// When an OTLP `Span.Event` happened: nanoseconds since 1970.
pub fn event_time(bytes: &[u8]) -> u64 {
    Fields(bytes)
        .find_map(|(number, field)| match field {
            Field::Fixed64(time) if number == 1 => Some(time),
            _ => None,
        })
        .unwrap_or_default()
}

/// A resource's attributes.
pub fn resource(bytes: &[u8]) -> Vec<Attribute<'_>> {
    Fields(bytes)
        .filter_map(|(number, field)| match field {
            Field::Bytes(pair) if number == 1 => attribute(pair),
            _ => None,
        })
        .collect()
}

fn attribute(pair: &[u8]) -> Option<Attribute<'_>> {
    let mut key = None;
    let mut found = None;
    for (number, field) in Fields(pair) {
        match (number, field) {
            (1, Field::Bytes(bytes)) => key = Some(text(bytes)),
            (2, Field::Bytes(bytes)) => found = value(bytes, DEEPEST_VALUE),
            _ => (),
        }
    }
    Some(Attribute { key: key?, value: found? })
}

/// Arrays in arrays end here: nothing of ours nests, and what is read may be anything.
const DEEPEST_VALUE: u8 = 4;

fn value(any: &[u8], depth: u8) -> Option<Value<'_>> {
    let (number, field) = Fields(any).next()?;
    Some(match (number, field) {
        (1, Field::Bytes(bytes)) => Value::Str(text(bytes)),
        (2, Field::Varint(truth)) => Value::Bool(truth != 0),
        (3, Field::Varint(number)) => Value::Int(number.cast_signed()),
        (4, Field::Fixed64(bits)) => Value::Float(f64::from_bits(bits)),
        (5, Field::Bytes(array)) => {
            let depth = depth.checked_sub(1)?;
            let of = |(number, field)| match field {
                Field::Bytes(any) if number == 1 => value(any, depth),
                _ => None,
            };
            Value::Array(Fields(array).filter_map(of).collect())
        }
        _ => return None,
    })
}

fn kind(number: u64) -> Kind {
    match number {
        2 => Kind::Server,
        3 => Kind::Client,
        4 => Kind::Producer,
        5 => Kind::Consumer,
        _ => Kind::Internal,
    }
}

/// What is not UTF-8 is no text of ours.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// Field 9 of a span (or, by `number`, of what else has attributes): a text.
pub fn put_text(out: &mut Vec<u8>, number: u32, key: &str, value: &str) {
    let mut any = Vec::with_capacity(value.len() + 4);
    put_bytes(&mut any, 1, value.as_bytes());
    put_pair(out, number, key, &any);
}

pub fn put_int(out: &mut Vec<u8>, number: u32, key: &str, value: u64) {
    let mut any = Vec::with_capacity(12);
    wire::number(&mut any, 3, value);
    put_pair(out, number, key, &any);
}

pub fn put_bool(out: &mut Vec<u8>, number: u32, key: &str, value: bool) {
    put_pair(out, number, key, &[2 << 3, u8::from(value)]);
}

fn put_pair(out: &mut Vec<u8>, number: u32, key: &str, any: &[u8]) {
    let mut pair = Vec::with_capacity(key.len() + any.len() + 8);
    put_bytes(&mut pair, 1, key.as_bytes());
    put_bytes(&mut pair, 2, any);
    put_bytes(out, number, &pair);
}

/// A span's status: error, with words.
pub fn put_error_status(out: &mut Vec<u8>, message: &str) {
    let mut status = Vec::with_capacity(message.len() + 6);
    put_bytes(&mut status, 2, message.as_bytes());
    wire::number(&mut status, 3, 2);
    put_bytes(out, 15, &status);
}

/// One `ResourceSpans`: a resource, and spans in parts that are joined as they are written. Nothing is decoded.
pub fn put_resource_spans(out: &mut Vec<u8>, resource: &[u8], more: &[u8], spans: &[[&[u8]; 2]]) {
    let span_bytes = |parts: &[&[u8]; 2]| parts.iter().map(|part| part.len()).sum::<usize>();
    let scope_spans = SCOPE.len() + spans.iter().map(|parts| wire::sized(2, span_bytes(parts))).sum::<usize>();
    let resource_bytes = resource.len() + more.len();
    wire::nested(out, 1, wire::sized(1, resource_bytes) + wire::sized(2, scope_spans), |out| {
        wire::head(out, 1, resource_bytes);
        out.extend_from_slice(resource);
        out.extend_from_slice(more);
        wire::head(out, 2, scope_spans);
        out.extend_from_slice(SCOPE);
        for parts in spans {
            wire::head(out, 2, span_bytes(parts));
            parts.iter().for_each(|part| out.extend_from_slice(part));
        }
    });
}

/// Field 1 of `ScopeSpans`: a scope named `crudder`.
const SCOPE: &[u8] = b"\x0a\x09\x0a\x07crudder";

/// An `ExportTraceServiceResponse`: how many spans were rejected, and what was said about it.
pub fn partial_success(response: &[u8]) -> (u64, String) {
    let mut rejected = 0;
    let mut message = String::new();
    for (number, field) in Fields(response) {
        let (1, Field::Bytes(partial)) = (number, field) else { continue };
        for (number, field) in Fields(partial) {
            match (number, field) {
                (1, Field::Varint(count)) => rejected = count,
                (2, Field::Bytes(words)) => text(words).clone_into(&mut message),
                _ => (),
            }
        }
    }
    (rejected, message)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
