//! X-Ray documents, written straight from borrowed spans. Function and layer share this writer: it knows neither the SDK nor
//! Lambda.
//!
//! The facts are those of the X-Ray Developer Guide, "Segment documents" and "Sending trace data".

mod blocks;
mod cause;
mod daemon;
mod document;
mod names;
mod text;
mod tree;

/// The prefix of attributes that X-Ray indexes: `annotation.handle` becomes the annotation `handle`.
pub const ANNOTATION_PREFIX: &str = "annotation.";

pub use daemon::Daemon;
pub use tree::{MAX_DATAGRAM_BYTES, write_datagrams};

/// One span, or the part of it that is known so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Span<'a> {
    /// The trace, as the 16 bytes of its W3C id read big-endian.
    pub trace_id: u128,
    /// The span's own id.
    pub id: u64,
    /// The span that this one is a child of; for the root of a function, Lambda's segment.
    pub parent_id: u64,
    /// What the span is called.
    pub name: &'a str,
    /// Its role in a call.
    pub kind: Kind,
    /// Nanoseconds since 1970.
    pub start_ns: u64,
    /// Nanoseconds since 1970; `None` while it is open.
    pub end_ns: Option<u64>,
    /// Whether its status is an error.
    pub failed: bool,
    /// What its status says of the error.
    pub status_message: &'a str,
    /// Where a key stands twice, the later one counts.
    pub attributes: Vec<Attribute<'a>>,
    /// What happened in it; X-Ray knows only exceptions.
    pub events: Vec<Event<'a>>,
}

/// A span's role in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A step of our own.
    Internal,
    /// Somebody called us.
    Server,
    /// We call somebody and wait.
    Client,
    /// We hand something over.
    Producer,
    /// Something was handed to us.
    Consumer,
}

/// A named value.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute<'a> {
    /// By OpenTelemetry's conventions where they have a name.
    pub key: &'a str,
    /// What it is.
    pub value: Value<'a>,
}

/// What an attribute can be.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Text.
    Str(&'a str),
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any number.
    Float(f64),
    /// Several of one kind.
    Array(Vec<Value<'a>>),
}

/// Something that happened in a span.
#[derive(Debug, Clone, PartialEq)]
pub struct Event<'a> {
    /// `exception` for an exception.
    pub name: &'a str,
    /// Its details.
    pub attributes: Vec<Attribute<'a>>,
}

impl<'a> Span<'a> {
    /// The value of an attribute; the last one where a key stands twice.
    fn find(&self, key: &str) -> Option<&Value<'a>> {
        find(&self.attributes, key)
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        self.find(key).and_then(Value::text)
    }

    fn int(&self, key: &str) -> Option<i64> {
        self.find(key).and_then(Value::int)
    }
}

/// An id made of a span's: the same whoever writes it, however often. (The finaliser of SplitMix64.)
fn mixed_id(span: u64, number: u64) -> u64 {
    let mut mixed = span.wrapping_add((number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn find<'s, 'a>(attributes: &'s [Attribute<'a>], key: &str) -> Option<&'s Value<'a>> {
    attributes.iter().rev().find(|attribute| attribute.key == key).map(|attribute| &attribute.value)
}

impl<'a> Value<'a> {
    fn text(&self) -> Option<&'a str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// A number, also one written as text: `tracing` fields often are.
    fn int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            Value::Str(text) => text.trim().parse().ok(),
            _ => None,
        }
    }
}
