//! Reads OTLP messages from bytes, borrowing every string.
//!
//! The functions never fail and never panic: a message that breaks off or is not OTLP yields the
//! fields before the fault, and a field of an unexpected type is ignored. Field numbers are those
//! of opentelemetry-proto `trace/v1/trace.proto` and `common/v1/common.proto`.

use crate::types::{Attribute, Event, PartialSuccess, Span, SpanKind, SpanSummary, Value};

/// Arrays that nest deeper are dropped, so that no input can exhaust the stack.
const MAX_ARRAY_DEPTH: u8 = 4;

/// The value of one protobuf field, by its wire type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field<'a> {
    /// An integer, a boolean or an enum.
    Varint(u64),
    /// A `fixed64`, or the bits of a `double`.
    Fixed64(u64),
    /// A string, bytes or a submessage.
    LengthDelimited(&'a [u8]),
    /// A `fixed32`, or the bits of a `float`.
    Fixed32(u32),
}

/// An iterator over the fields of a message: field number and value. It ends at the first malformed
/// field.
///
/// ```
/// use crudder_otlp::read::{Field, Fields};
///
/// let mut fields = Fields::new(b"\x0a\x02hi\x10\x07");
/// assert_eq!(fields.next(), Some((1, Field::LengthDelimited(b"hi"))));
/// assert_eq!(fields.next(), Some((2, Field::Varint(7))));
/// assert_eq!(fields.next(), None);
/// ```
#[derive(Debug, Clone)]
pub struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Starts at the first field of `message`.
    #[must_use]
    pub fn new(message: &'a [u8]) -> Self {
        Self(message)
    }

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
        let tag = self.varint()?;
        let field = match tag & 7 {
            0 => Field::Varint(self.varint()?),
            1 => Field::Fixed64(u64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Field::LengthDelimited(self.take(length)?)
            }
            5 => Field::Fixed32(u32::from_le_bytes(self.take(4)?.try_into().ok()?)),
            _ => return None,
        };
        Some((u32::try_from(tag >> 3).ok()?, field))
    }
}

/// Reads the times and the status of a `Span`.
#[must_use]
pub fn span_summary(span: &[u8]) -> SpanSummary {
    let mut summary = SpanSummary::default();
    for (number, field) in Fields(span) {
        match (number, field) {
            (7, Field::Fixed64(time)) => summary.start_ns = time,
            (8, Field::Fixed64(time)) => summary.end_ns = time,
            (15, Field::LengthDelimited(status)) => summary.failed = is_error(status),
            _ => (),
        }
    }
    summary
}

fn is_error(status: &[u8]) -> bool {
    Fields(status).any(|field| field == (3, Field::Varint(2)))
}

/// Reads a `Span`. An id of the wrong length reads as zero; an end time of zero means that the span
/// is open.
#[must_use]
pub fn span(message: &[u8]) -> Span<'_> {
    let mut span = Span::default();
    for (number, field) in Fields(message) {
        match (number, field) {
            (1, Field::LengthDelimited(id)) => span.trace_id = id.try_into().map_or(0, u128::from_be_bytes),
            (2, Field::LengthDelimited(id)) => span.id = id.try_into().map_or(0, u64::from_be_bytes),
            (4, Field::LengthDelimited(id)) => span.parent_id = id.try_into().map_or(0, u64::from_be_bytes),
            (5, Field::LengthDelimited(name)) => span.name = text(name),
            (6, Field::Varint(number)) => span.kind = kind(number),
            (7, Field::Fixed64(time)) => span.start_ns = time,
            (8, Field::Fixed64(time)) => span.end_ns = (time > 0).then_some(time),
            (9, Field::LengthDelimited(pair)) => span.attributes.extend(attribute(pair)),
            (11, Field::LengthDelimited(message)) => span.events.push(event(message)),
            (15, Field::LengthDelimited(status)) => {
                span.failed = is_error(status);
                span.status_message = status_message(status);
            }
            _ => (),
        }
    }
    span
}

fn status_message(status: &[u8]) -> &str {
    let message = Fields(status).find_map(|(number, field)| match field {
        Field::LengthDelimited(message) if number == 2 => Some(text(message)),
        _ => None,
    });
    message.unwrap_or_default()
}

/// Reads a `Span.Event`.
#[must_use]
pub fn event(message: &[u8]) -> Event<'_> {
    let mut event = Event::default();
    for (number, field) in Fields(message) {
        match (number, field) {
            (2, Field::LengthDelimited(name)) => event.name = text(name),
            (3, Field::LengthDelimited(pair)) => event.attributes.extend(attribute(pair)),
            _ => (),
        }
    }
    event
}

/// Reads the time of a `Span.Event`: nanoseconds since 1970, zero if it has none.
#[must_use]
pub fn event_time(event: &[u8]) -> u64 {
    let time = Fields(event).find_map(|(number, field)| match field {
        Field::Fixed64(time) if number == 1 => Some(time),
        _ => None,
    });
    time.unwrap_or_default()
}

/// Reads the attributes of a `Resource`.
#[must_use]
pub fn resource(message: &[u8]) -> Vec<Attribute<'_>> {
    let attributes = Fields(message).filter_map(|(number, field)| match field {
        Field::LengthDelimited(pair) if number == 1 => attribute(pair),
        _ => None,
    });
    attributes.collect()
}

fn attribute(pair: &[u8]) -> Option<Attribute<'_>> {
    let mut key = None;
    let mut found = None;
    for (number, field) in Fields(pair) {
        match (number, field) {
            (1, Field::LengthDelimited(bytes)) => key = Some(text(bytes)),
            (2, Field::LengthDelimited(bytes)) => found = value(bytes, MAX_ARRAY_DEPTH),
            _ => (),
        }
    }
    Some(Attribute { key: key?, value: found? })
}

/// Reads an `AnyValue`; `None` for a map, bytes, an empty value, or an array that nests deeper than
/// `depth`.
fn value(any_value: &[u8], depth: u8) -> Option<Value<'_>> {
    Some(match Fields(any_value).next()? {
        (1, Field::LengthDelimited(bytes)) => Value::Str(text(bytes)),
        (2, Field::Varint(truth)) => Value::Bool(truth != 0),
        (3, Field::Varint(number)) => Value::Int(number.cast_signed()),
        (4, Field::Fixed64(bits)) => Value::Float(f64::from_bits(bits)),
        (5, Field::LengthDelimited(array)) => {
            let depth = depth.checked_sub(1)?;
            let element = |(number, field)| match field {
                Field::LengthDelimited(any_value) if number == 1 => value(any_value, depth),
                _ => None,
            };
            Value::Array(Fields(array).filter_map(element).collect())
        }
        _ => return None,
    })
}

fn kind(number: u64) -> SpanKind {
    match number {
        2 => SpanKind::Server,
        3 => SpanKind::Client,
        4 => SpanKind::Producer,
        5 => SpanKind::Consumer,
        _ => SpanKind::Internal,
    }
}

/// Returns the text, or an empty one if the bytes are not UTF-8, which protobuf forbids.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// Reads an `ExportTraceServiceResponse`. A response without `partial_success` reads as no rejected
/// spans.
#[must_use]
pub fn partial_success(response: &[u8]) -> PartialSuccess<'_> {
    let mut partial = PartialSuccess::default();
    for (number, field) in Fields(response) {
        let (1, Field::LengthDelimited(message)) = (number, field) else { continue };
        for (number, field) in Fields(message) {
            match (number, field) {
                (1, Field::Varint(count)) => partial.rejected_spans = u64::try_from(count.cast_signed()).unwrap_or(0),
                (2, Field::LengthDelimited(words)) => partial.error_message = text(words),
                _ => (),
            }
        }
    }
    partial
}
