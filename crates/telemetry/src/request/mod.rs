//! The current request, which OpenTelemetry's context carries: code finds its own request there,
//! even when several run at once.

mod deferred;
mod progress;

use std::fmt::Write;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::SystemTime;

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanContext, SpanId};

pub(crate) use deferred::{Deferred, EndOfInvocation};
use progress::{Progress, RootStart};

use crate::failure::Failure;
use crate::ids::write_xray_trace_id;
use crate::invocation::Invocation;
use crate::lock::lock;
use crate::parent_context::ParentContext;
use crate::root_attributes;

/// One invocation: its identity, which does not change, its progress, and what it has deferred.
#[derive(Debug)]
pub(crate) struct Request {
    /// Lambda's request id.
    pub(crate) id: String,
    /// Counts the invocations of this process from 1.
    pub(crate) index: u32,
    /// The name of the root span: `GET /api/activities/home`, or the trigger's.
    pub(crate) route: String,
    /// When Lambda will kill the function.
    pub(crate) deadline: SystemTime,
    /// Whether X-Ray samples this request and has a segment for it.
    pub(crate) is_sampled: bool,
    /// That segment.
    pub(crate) segment: SpanId,
    /// The caller's span, if its `traceparent` is of this trace: the root's parent for every
    /// destination that does not see Lambda's segment.
    pub(crate) caller_span: Option<SpanId>,
    /// The number of attributes with which the root span starts.
    pub(crate) initial_attributes: usize,
    log_members: OnceLock<String>,
    progress: Mutex<Progress>,
    /// `None` once the work is over: from then on nothing is deferred.
    deferred: Mutex<Option<Deferred>>,
}

/// The request as a value of OpenTelemetry's context.
#[derive(Debug, Clone)]
pub(crate) struct Current(pub(crate) Arc<Request>);

impl Request {
    pub(crate) fn new(invocation: &Invocation<'_>, index: u32, parent: ParentContext) -> Self {
        let attributes = root_attributes::at_start(invocation, index);
        Self {
            id: invocation.request_id.to_owned(),
            index,
            route: root_attributes::name_of(&invocation.trigger),
            deadline: invocation.deadline,
            is_sampled: parent.is_sampled,
            segment: parent.segment,
            caller_span: parent.caller_span,
            initial_attributes: attributes.len(),
            log_members: OnceLock::new(),
            progress: Mutex::new(Progress::new(RootStart { attributes, link: parent.link })),
            deferred: Mutex::new(Some(Deferred::default())),
        }
    }

    /// Takes what the root span starts with; `None` for every span after the root.
    pub(crate) fn take_root_start(&self) -> Option<RootStart> {
        lock(&self.progress).root_start.take()
    }

    pub(crate) fn set_panic(&self, failure: Failure) {
        lock(&self.progress).panic = Some(failure);
    }

    pub(crate) fn take_panic(&self) -> Option<Failure> {
        lock(&self.progress).panic.take()
    }

    /// Whether this is the first report of `message` in this request.
    pub(crate) fn is_first_report(&self, message: &str) -> bool {
        lock(&self.progress).is_first_report(message)
    }

    pub(crate) fn add_annotation(&self, annotation: KeyValue) {
        lock(&self.progress).add_annotation(annotation);
    }

    /// The annotations so far.
    pub(crate) fn annotations(&self) -> Vec<KeyValue> {
        lock(&self.progress).annotations.clone()
    }

    /// Defers the access line until the response was sent. Returns `false` if the work is over or
    /// if the request has deferred a line already: then the caller prints it.
    pub(crate) fn defer_access_line(&self, line: &[u8]) -> bool {
        let mut deferred = lock(&self.deferred);
        let Some(deferred) = deferred.as_mut().filter(|deferred| deferred.access_line.is_none()) else { return false };
        deferred.access_line = Some(line.to_vec());
        true
    }

    /// Defers the end of the invocation until the response was sent. Returns it if the work is over:
    /// then the caller records it at once.
    pub(crate) fn defer_end(&self, end: EndOfInvocation) -> Option<EndOfInvocation> {
        match &mut *lock(&self.deferred) {
            Some(deferred) => {
                deferred.end = Some(end);
                None
            }
            None => Some(end),
        }
    }

    /// Takes the deferred work, because the work of the handler is over.
    pub(crate) fn take_deferred(&self) -> Option<Deferred> {
        lock(&self.deferred).take()
    }

    /// The members of a log line that are the same in the whole request, as JSON: `,"requestId":…`
    /// to the trace ids.
    pub(crate) fn log_members(&self, span: &SpanContext) -> &str {
        self.log_members.get_or_init(|| {
            let mut members = String::with_capacity(192);
            members.push_str(",\"requestId\":");
            crudder_text::json::push_string(&mut members, &self.id);
            let trace_id = span.trace_id();
            let written = write!(members, ",\"trace_id\":\"{trace_id}\",\"xray_trace_id\":\"")
                .and_then(|()| write_xray_trace_id(&mut members, trace_id));
            written.expect("writing into a String does not fail");
            members.push('"');
            members
        })
    }
}
