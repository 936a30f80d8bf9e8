//! One request as the console lists it.

use std::sync::Arc;

use crudder_fakes::TraceId;
use serde::{Serialize, Serializer};

/// How a request ended, as far as anybody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// It has not ended.
    Running,
    /// Answered, 1xx to 3xx.
    Ok,
    /// 4xx: the client's fault, by the function's word or the gateway's.
    Refused,
    /// 5xx, and nobody died.
    Error,
    /// The handler panicked, and the process lives.
    Panic,
    /// The function's time, or the gateway's, passed.
    Timeout,
    /// The function needed more memory than it has.
    Oom,
    /// The process ended by itself.
    Exit,
    /// The process was killed, or never started.
    Crash,
    /// The client left before it was answered.
    Gone,
}

impl Outcome {
    /// What an answer's status says.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            ..400 => Self::Ok,
            400..500 => Self::Refused,
            _ => Self::Error,
        }
    }

    /// The layer's word for a death, from `crudder.death`.
    pub(crate) fn of_death(word: &str) -> Self {
        match word {
            "timeout" => Self::Timeout,
            "out-of-memory" => Self::Oom,
            "exit" => Self::Exit,
            _ => Self::Crash,
        }
    }

    /// Whether it tells how somebody died, which no status can tell better.
    pub(crate) fn is_death(self) -> bool {
        matches!(self, Self::Panic | Self::Timeout | Self::Oom | Self::Exit | Self::Crash)
    }
}

/// A plane that has something of a request; the numbers are bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plane {
    /// X-Ray has a document.
    Xray = 1,
    /// Honeycomb has a span.
    Honeycomb = 2,
    /// Rollbar has an item.
    Rollbar = 4,
    /// CloudWatch has a line.
    Cloudwatch = 8,
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Its number, counted from 0 without a gap.
    pub(crate) seq: u64,
    /// When it last changed, in changes of the whole record.
    pub(crate) revision: u64,
    pub(crate) trace: TraceId,
    /// Milliseconds since 1970.
    pub(crate) started_ms: u64,
    pub(crate) duration_us: Option<u64>,
    pub(crate) method: Box<str>,
    pub(crate) path: Box<str>,
    /// As the template writes it; none where the path led nowhere.
    pub(crate) route: Option<Arc<str>>,
    pub(crate) function: Option<Arc<str>>,
    pub(crate) status: Option<u16>,
    /// Whether processes were started for it; none where no function was asked.
    pub(crate) cold: Option<bool>,
    pub(crate) outcome: Outcome,
    /// The name of the span in which it went wrong.
    pub(crate) culprit: Option<Box<str>>,
    /// What went wrong, in a few words.
    pub(crate) detail: Option<Box<str>>,
    /// Bits of [`Plane`].
    pub(crate) planes: u8,
}

impl Entry {
    pub(crate) fn has(&mut self, plane: Plane) {
        self.planes |= plane as u8;
    }

    /// Whether anybody who types `text`, in small letters, means this one.
    pub(crate) fn mentions(&self, text: &str) -> bool {
        let words = [Some(&*self.method), Some(&*self.path), self.function.as_deref(), self.detail.as_deref()];
        words.into_iter().flatten().any(|word| word.to_lowercase().contains(text))
            || self.trace.to_string().contains(&text.replace('-', ""))
    }

    /// The entry as the page's stream carries it, where a name before each of a hundred thousand values would be most of the bytes. The order is the page's,
    /// `page/rows.js`.
    pub(crate) fn row(&self) -> impl Serialize + '_ {
        Row(self)
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let planes = [
            ("xray", Plane::Xray),
            ("honeycomb", Plane::Honeycomb),
            ("rollbar", Plane::Rollbar),
            ("cloudwatch", Plane::Cloudwatch),
        ];
        let has: Vec<_> =
            planes.iter().filter(|(_, plane)| self.planes & *plane as u8 != 0).map(|(name, _)| *name).collect();
        let shown = serde_json::json!({
            "seq": self.seq, "trace_id": self.trace, "xray_trace_id": self.trace.xray(), "started_ms": self.started_ms,
            "duration_us": self.duration_us, "method": self.method, "path": self.path, "route": self.route.as_deref(),
            "function": self.function.as_deref(), "status": self.status, "cold": self.cold, "outcome": self.outcome,
            "culprit": self.culprit, "detail": self.detail, "planes": has,
        });
        shown.serialize(serializer)
    }
}

struct Row<'a>(&'a Entry);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Entry { seq, trace, started_ms, duration_us, method, path, status, cold, outcome, culprit, detail, .. } =
            self.0;
        let (route, function) = (self.0.route.as_deref(), self.0.function.as_deref());
        let first = (seq, trace, started_ms, duration_us, method, path, route);
        let last = (function, status, cold, outcome, culprit, detail, self.0.planes);
        (first, last).serialize(serializer)
    }
}
