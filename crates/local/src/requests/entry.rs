//! One request as the console lists it.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crudder_fakes::TraceId;
use serde::{Serialize, Serializer};

use super::outcome::Outcome;

/// The most characters of a path or an error that are stored: a client may send 10 kB of them.
const MAX_TEXT_CHARS: usize = 200;

/// A destination that received something of a request. The numbers are bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Destination {
    /// X-Ray has a document.
    Xray = 1,
    /// Honeycomb has a span.
    Honeycomb = 2,
    /// Rollbar has an item.
    Rollbar = 4,
    /// CloudWatch has a line.
    Cloudwatch = 8,
}

/// The destinations with their names in JSON.
const DESTINATIONS: [(&str, Destination); 4] = [
    ("xray", Destination::Xray),
    ("honeycomb", Destination::Honeycomb),
    ("rollbar", Destination::Rollbar),
    ("cloudwatch", Destination::Cloudwatch),
];

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The sequence number, counted from 0 without a gap.
    pub(crate) seq: u64,
    /// The number of the last change, counted over all entries.
    pub(crate) revision: u64,
    pub(crate) trace: TraceId,
    /// Milliseconds since 1970.
    pub(crate) started_ms: u64,
    pub(crate) duration_us: Option<u64>,
    pub(crate) method: Box<str>,
    pub(crate) path: Box<str>,
    /// As the template writes it; `None` if no route matches the path.
    pub(crate) route: Option<Arc<str>>,
    pub(crate) function: Option<Arc<str>>,
    pub(crate) status: Option<u16>,
    /// Whether Lambda started processes for it; `None` if no function was invoked.
    pub(crate) cold: Option<bool>,
    pub(crate) outcome: Outcome,
    /// The name of the failed span.
    pub(crate) failed_span: Option<Box<str>>,
    /// The error, in a few words.
    pub(crate) detail: Option<Box<str>>,
    /// Bits of [`Destination`].
    pub(crate) destinations: u8,
}

impl Entry {
    /// Notes that a destination received something of the request.
    pub(crate) fn add_destination(&mut self, destination: Destination) {
        self.destinations |= destination as u8;
    }

    /// Returns whether a search for `text`, in lowercase, finds this entry.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let words = [Some(&*self.method), Some(&*self.path), self.function.as_deref(), self.detail.as_deref()];
        words.into_iter().flatten().any(|word| word.to_lowercase().contains(text))
            || self.trace.to_string().contains(&text.replace('-', ""))
    }

    /// Returns the entry as the page's stream carries it: values without names, which would be most
    /// of the bytes of a hundred thousand entries. `page/rows.js` reads the values in this order.
    pub(crate) fn row(&self) -> impl Serialize + '_ {
        Row(self)
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let received = DESTINATIONS.iter().filter(|(_, destination)| self.destinations & *destination as u8 != 0);
        let fields = serde_json::json!({
            "seq": self.seq, "trace_id": self.trace, "xray_trace_id": self.trace.xray(), "started_ms": self.started_ms,
            "duration_us": self.duration_us, "method": self.method, "path": self.path, "route": self.route.as_deref(),
            "function": self.function.as_deref(), "status": self.status, "cold": self.cold, "outcome": self.outcome,
            "culprit": self.failed_span, "detail": self.detail,
            "planes": received.map(|(name, _)| *name).collect::<Vec<_>>(),
        });
        fields.serialize(serializer)
    }
}

struct Row<'a>(&'a Entry);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Entry {
            seq, trace, started_ms, duration_us, method, path, status, cold, outcome, failed_span, detail, ..
        } = self.0;
        let (route, function) = (self.0.route.as_deref(), self.0.function.as_deref());
        let first = (seq, trace, started_ms, duration_us, method, path, route);
        let last = (function, status, cold, outcome, failed_span, detail, self.0.destinations);
        (first, last).serialize(serializer)
    }
}

/// A request that has just arrived.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewRequest<'a> {
    pub(crate) trace: TraceId,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) now: SystemTime,
}

impl NewRequest<'_> {
    pub(super) fn entry(&self, seq: u64, revision: u64) -> Entry {
        Entry {
            seq,
            revision,
            trace: self.trace,
            started_ms: milliseconds(self.now),
            duration_us: None,
            method: truncate(self.method).into(),
            path: truncate(self.path).into(),
            route: None,
            function: None,
            status: None,
            cold: None,
            outcome: Outcome::Running,
            failed_span: None,
            detail: None,
            destinations: 0,
        }
    }
}

/// Returns the milliseconds since 1970.
pub(super) fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Returns the first characters of a text that a client may have sent.
pub(super) fn truncate(text: &str) -> &str {
    text.char_indices().nth(MAX_TEXT_CHARS).map_or(text, |(end, _)| &text[..end])
}
