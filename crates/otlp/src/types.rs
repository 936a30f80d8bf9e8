//! Spans, events and attributes, borrowed from the bytes or from the values that they were read
//! from.

/// A span, or the part of it that is known so far.
///
/// The fields are those of OTLP's `Span`. Ids are numbers in big-endian order; zero means that the
/// id is not set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Span<'a> {
    /// The trace id: the 16 bytes of the W3C trace id, read as a big-endian number.
    pub trace_id: u128,
    /// The span id: 8 bytes, read as a big-endian number.
    pub id: u64,
    /// The id of the parent span; zero for a root span.
    pub parent_id: u64,
    /// The name of the operation.
    pub name: &'a str,
    /// The role of the span in a call.
    pub kind: SpanKind,
    /// The start, in nanoseconds since 1970.
    pub start_ns: u64,
    /// The end, in nanoseconds since 1970; `None` while the span is open.
    pub end_ns: Option<u64>,
    /// Whether the status code is `ERROR`.
    pub failed: bool,
    /// The message of the status; empty if there is none.
    pub status_message: &'a str,
    /// The attributes, in the order in which they were written. A key may occur twice; the last
    /// occurrence counts.
    pub attributes: Vec<Attribute<'a>>,
    /// The span events, in the order in which they were written.
    pub events: Vec<Event<'a>>,
}

impl<'a> Span<'a> {
    /// Returns the value of an attribute. If the key occurs twice, the last occurrence counts.
    ///
    /// ```
    /// use crudder_otlp::{Attribute, Span, Value};
    ///
    /// let method = Attribute { key: "http.request.method", value: Value::Str("GET") };
    /// let span = Span { attributes: vec![method], ..Span::default() };
    /// assert_eq!(span.attribute("http.request.method").and_then(Value::as_str), Some("GET"));
    /// ```
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&Value<'a>> {
        self.attributes.iter().rev().find(|attribute| attribute.key == key).map(|attribute| &attribute.value)
    }
}

/// The role of a span in a call, as in OpenTelemetry's `SpanKind`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum SpanKind {
    /// An operation inside one process.
    #[default]
    Internal,
    /// The server side of a call.
    Server,
    /// The client side of a call that waits for the response.
    Client,
    /// Sends a message and does not wait for its processing.
    Producer,
    /// Processes a message from a producer.
    Consumer,
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute<'a> {
    /// The name; OpenTelemetry's semantic conventions define the common ones.
    pub key: &'a str,
    /// The value.
    pub value: Value<'a>,
}

/// The value of an attribute, as in OTLP's `AnyValue`. Maps and byte strings are not supported.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// A string.
    Str(&'a str),
    /// A boolean.
    Bool(bool),
    /// A signed 64-bit integer.
    Int(i64),
    /// A double.
    Float(f64),
    /// An array of values.
    Array(Vec<Value<'a>>),
}

impl<'a> Value<'a> {
    /// Returns the string; `None` for every other type.
    #[must_use]
    pub fn as_str(&self) -> Option<&'a str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }
}

/// A span event: something that happened at one moment during a span, such as an exception.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Event<'a> {
    /// The name; `exception` for an exception.
    pub name: &'a str,
    /// The attributes.
    pub attributes: Vec<Attribute<'a>>,
}

/// Times and status of a span: what can be read without decoding the attributes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SpanSummary {
    /// The start, in nanoseconds since 1970.
    pub start_ns: u64,
    /// The end, in nanoseconds since 1970; zero while the span is open.
    pub end_ns: u64,
    /// Whether the status code is `ERROR`.
    pub failed: bool,
}

/// The part of an `ExportTraceServiceResponse` that says which spans the server rejected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PartialSuccess<'a> {
    /// How many spans the server rejected; zero if it accepted all of them.
    pub rejected_spans: u64,
    /// The reason, or a warning if no span was rejected; may be empty.
    pub error_message: &'a str,
}
