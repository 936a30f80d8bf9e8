//! The current request, carried in OpenTelemetry's context: whatever runs inside it finds it there, under concurrency too.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::SystemTime;

use opentelemetry::trace::{Link, SpanContext, SpanId, TraceContextExt};
use opentelemetry::{Context, Key, KeyValue, Value};

use crate::after::{After, Ending};
use crate::ids::{TraceIds, write_xray_trace_id};
use crate::invocation::{Failure, Invocation};
use crate::log::Output;
use crate::parent::Parent;
use crate::root;

/// What is the same for everything that one invocation says.
#[derive(Debug)]
pub(crate) struct Request {
    /// Lambda's request id.
    pub(crate) id: String,
    /// Which invocation of this process it is, from 1.
    pub(crate) index: u32,
    /// `GET /api/activities/home`, or the trigger's name: the root span's name.
    pub(crate) route: String,
    /// When Lambda will kill the function.
    pub(crate) deadline: SystemTime,
    /// Whether X-Ray wants this request and has a segment to hang it under.
    pub(crate) to_xray: bool,
    /// That segment.
    pub(crate) segment: SpanId,
    /// The caller's own span, where its `traceparent` is of this trace: the root's parent for those who don't see
    /// Lambda's segment.
    pub(crate) caller_span: Option<SpanId>,
    /// How many attributes the root span has from its start.
    pub(crate) known: usize,
    state: Mutex<State>,
    head: OnceLock<String>,
}

/// What changes while the request runs.
#[derive(Debug, Default)]
struct State {
    /// What the root span gets the moment it starts: a later attribute would die with the process.
    attributes: Option<Vec<KeyValue>>,
    link: Option<Link>,
    /// What a panic said, until the root span ends.
    panic: Option<Failure>,
    /// What was reported, by the hash of its words: an error is told once, however often it is met.
    told: Vec<u64>,
    /// What was annotated anywhere: a report that comes later has it with it, and the root span at its end.
    notes: Vec<KeyValue>,
    /// What waits for the answer to leave; `None` when the work is over.
    after: Option<After>,
}

/// The request as the context holds it.
#[derive(Debug, Clone)]
pub(crate) struct Current(pub(crate) Arc<Request>);

/// Annotations and reports of one request that are remembered; more would be a loop gone wild.
const MAX_REMEMBERED: usize = 32;

impl Request {
    /// The `index`th invocation of this process, under `parent`.
    pub(crate) fn new(invocation: &Invocation<'_>, index: u32, parent: Parent) -> Self {
        let attributes = root::at_start(invocation, index);
        Self {
            id: invocation.request_id.to_owned(),
            index,
            route: root::name_of(&invocation.trigger),
            deadline: invocation.deadline,
            to_xray: parent.to_xray,
            segment: parent.segment,
            caller_span: parent.caller_span,
            known: attributes.len(),
            state: Mutex::new(State {
                attributes: Some(attributes),
                link: parent.link,
                after: Some(After::default()),
                ..State::default()
            }),
            head: OnceLock::new(),
        }
    }

    /// The root's first attributes and its link; `None` for every span after the root.
    pub(crate) fn take_opening(&self) -> Option<(Vec<KeyValue>, Option<Link>)> {
        let mut state = lock(&self.state);
        state.attributes.take().map(|attributes| (attributes, state.link.take()))
    }

    pub(crate) fn keep_panic(&self, failure: Failure) {
        lock(&self.state).panic = Some(failure);
    }

    pub(crate) fn take_panic(&self) -> Option<Failure> {
        lock(&self.state).panic.take()
    }

    /// Keeps the access line until the answer has left. Says `false` when that is over, or when there was one already.
    pub(crate) fn keep_line(&self, output: &Arc<Output>, line: &[u8]) -> bool {
        let mut state = lock(&self.state);
        let Some(after) = state.after.as_mut().filter(|after| after.line.is_none()) else { return false };
        after.line = Some((Arc::clone(output), line.to_vec()));
        true
    }

    /// Keeps the root's end until then. One that comes later is told at once.
    pub(crate) fn end_later(&self, ending: Ending) {
        if let Some(after) = &mut lock(&self.state).after {
            after.ending = Some(ending);
            return;
        }
        ending.tell();
    }

    /// The work is over, and its answer on its way: nothing waits from now on.
    pub(crate) fn take_after(&self) -> Option<After> {
        lock(&self.state).after.take()
    }

    /// Whether an error of these words is told for the first time in this request.
    pub(crate) fn tells_first(&self, words: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        words.hash(&mut hasher);
        let hash = hasher.finish();
        let mut state = lock(&self.state);
        if state.told.contains(&hash) {
            return false;
        }
        if state.told.len() < MAX_REMEMBERED {
            state.told.push(hash);
        }
        true
    }

    fn remember(&self, note: KeyValue) {
        let mut state = lock(&self.state);
        state.notes.retain(|known| known.key != note.key);
        if state.notes.len() < MAX_REMEMBERED {
            state.notes.push(note);
        }
    }

    /// What was annotated so far.
    pub(crate) fn notes(&self) -> Vec<KeyValue> {
        lock(&self.state).notes.clone()
    }

    /// The members of a log line that are the same in the whole request, as JSON: `"requestId":…,` to the trace ids.
    pub(crate) fn head(&self, span: &SpanContext) -> &str {
        self.head.get_or_init(|| {
            let mut head = String::with_capacity(192);
            head.push_str(",\"requestId\":");
            crudder_text::json::push_string(&mut head, &self.id);
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

/// Puts a searchable value on the current span and on the request's root: an annotation in X-Ray, an attribute elsewhere, also
/// of reports that come after it. Characters that X-Ray does not take in a key become `_`.
pub fn set_annotation(key: &str, value: impl Into<Value>) {
    let attribute = KeyValue::new(format!("{}{key}", crudder_xray::ANNOTATION_PREFIX), value);
    Context::map_current(|context| {
        if let Some(Current(request)) = context.get::<Current>() {
            request.remember(attribute.clone());
        }
        context.span().set_attribute(attribute);
    });
}

/// Puts a value on the current span: metadata in X-Ray, an attribute elsewhere.
pub fn set_attribute(key: impl Into<Key>, value: impl Into<Value>) {
    let attribute = KeyValue::new(key, value);
    Context::map_current(|context| context.span().set_attribute(attribute));
}
