//! Spans, events and attributes, borrowed from the bytes they were read from.

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
