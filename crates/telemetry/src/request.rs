//! The current request, carried in OpenTelemetry's context: whatever runs inside it finds it there, under concurrency too.

use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use opentelemetry::trace::{Link, SpanContext, SpanId, TraceContextExt};
use opentelemetry::{Context, Key, KeyValue, Value};

use crate::ids::{TraceIds, write_xray_trace_id};
use crate::invocation::Failure;

/// What is the same for everything that one invocation says.
#[derive(Debug)]
pub(crate) struct Request {
    /// Lambda's request id.
    pub(crate) id: String,
    /// `GET /api/activities/home`, or the trigger's name: the root span's name.
    pub(crate) route: String,
    /// Whether X-Ray wants this request and has a segment to hang it under.
    pub(crate) to_xray: bool,
    /// The caller's own span, where its `traceparent` is of this trace: the root's parent for those who don't see
    /// Lambda's segment.
    pub(crate) caller_span: Option<SpanId>,
    opening: Mutex<Option<Opening>>,
    panic: Mutex<Option<Failure>>,
    head: OnceLock<String>,
}

/// What the root span gets the moment it starts: a later attribute would die with the process.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) attributes: Vec<KeyValue>,
    pub(crate) link: Option<Link>,
}

/// The request as the context holds it.
#[derive(Debug, Clone)]
pub(crate) struct Current(pub(crate) std::sync::Arc<Request>);

impl Request {
    pub(crate) fn new(id: &str, route: String, to_xray: bool, caller_span: Option<SpanId>, opening: Opening) -> Self {
        let opening = Mutex::new(Some(opening));
        Self { id: id.to_owned(), route, to_xray, caller_span, opening, panic: Mutex::new(None), head: OnceLock::new() }
    }

    /// The root's first attributes; `None` for every span after the root.
    pub(crate) fn take_opening(&self) -> Option<Opening> {
        lock(&self.opening).take()
    }

    /// Keeps what a panic said until the root span ends.
    pub(crate) fn keep_panic(&self, failure: Failure) {
        *lock(&self.panic) = Some(failure);
    }

    pub(crate) fn take_panic(&self) -> Option<Failure> {
        lock(&self.panic).take()
    }

    /// The members of a log line that are the same in the whole request, as JSON: `"requestId":…,` to the trace ids.
    pub(crate) fn head(&self, span: &SpanContext) -> &str {
        self.head.get_or_init(|| {
            let mut head = String::with_capacity(192);
            head.push_str(",\"requestId\":");
            crate::json::push_string(&mut head, &self.id);
            let trace_id = span.trace_id();
            let written = write!(head, ",\"trace_id\":\"{trace_id}\",\"xray_trace_id\":\"")
                .and_then(|()| write_xray_trace_id(&mut head, trace_id));
            written.expect("writing into a String does not fail");
            head.push('"');
            head
        })
    }
}

/// A poisoned lock still holds whole values: every change under these locks is one assignment.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The ids of the current request and its innermost open span; `None` outside a request.
#[must_use]
pub fn current_ids() -> Option<TraceIds> {
    Context::map_current(|context| {
        let span = context.span();
        span.span_context().is_valid().then(|| TraceIds::of(span.span_context()))
    })
}

/// The prefix that makes an attribute an X-Ray annotation (indexed, searchable), and that other planes leave away.
/// It can be written as a field of a `tracing` span, too.
pub(crate) const ANNOTATION_PREFIX: &str = "annotation.";

/// Puts a searchable value on the current span: an annotation in X-Ray, an attribute elsewhere. Characters that X-Ray does
/// not take in a key become `_`.
pub fn annotate(key: &str, value: impl Into<Value>) {
    note(format!("{ANNOTATION_PREFIX}{key}"), value);
}

/// Puts a value on the current span: metadata in X-Ray, an attribute elsewhere.
pub fn note(key: impl Into<Key>, value: impl Into<Value>) {
    let attribute = KeyValue::new(key, value);
    Context::map_current(|context| context.span().set_attribute(attribute));
}
