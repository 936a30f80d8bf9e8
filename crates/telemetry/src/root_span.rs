//! The root span of one invocation, from its start to its end.

use std::sync::Arc;

use crudder_text::scrub;
use opentelemetry::trace::{SpanRef, Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use tracing::Span;

use crate::destinations::Destinations;
use crate::end::End;
use crate::exception::exception;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::parent_context::ParentContext;
use crate::post_response::PostResponse;
use crate::report::Reports;
use crate::request::{Current, Request};

/// The root span of one invocation.
pub(crate) struct RootSpan<'a> {
    span: Span,
    request: Arc<Request>,
    reports: &'a Reports,
    destinations: &'a Arc<Destinations>,
    /// Whether the span has its final attributes.
    has_end: bool,
}

impl<'a> RootSpan<'a> {
    /// Starts the root span of the `index`th invocation of this process.
    pub(crate) fn open(
        invocation: &Invocation<'_>,
        index: u32,
        reports: &'a Reports,
        destinations: &'a Arc<Destinations>,
    ) -> Self {
        let parent = ParentContext::read(invocation.trace_header, invocation.traceparent);
        let context = parent.context();
        let request = Arc::new(Request::new(invocation, index, parent));
        let _context = context.with_value(Current(Arc::clone(&request))).attach();
        let span = tracing::info_span!("invocation", otel.kind = "server");
        Self { span, request, reports, destinations, has_end: false }
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// Ends the span with the outcome that `end` returns, and schedules the work that follows the response.
    pub(crate) fn finish(mut self, end: impl FnOnce() -> End) {
        self.record(end);
        self.close();
    }

    /// Sets the final attributes.
    fn record(&mut self, end: impl FnOnce() -> End) {
        self.has_end = true;
        self.span.in_scope(|| {
            let end = end();
            let panic = self.request.take_panic();
            Context::map_current(|context| self.record_end(&context.span(), end, panic));
        });
    }

    /// Sets annotations, attributes, status and failure. A panic takes precedence over the error that
    /// the handler made of it.
    fn record_end(&self, span: &SpanRef<'_>, end: End, panic: Option<Failure>) {
        span.set_attributes(self.request.annotations());
        span.set_attributes(end.attributes);
        if let Some(status) = end.http_status {
            span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
        }
        let failed_status = end.http_status.filter(|status| *status >= 500);
        match (panic.or(end.failure), failed_status) {
            (Some(failure), _) => {
                self.reports.failure(&failure);
                record_failure(span, &failure);
            }
            (None, Some(status)) => {
                span.set_attribute(KeyValue::new("error.type", status.to_string()));
                // The convention wants no description beside a status code.
                span.set_status(Status::error(""));
            }
            (None, None) => (),
        }
    }

    /// Ends the span, unless another task still holds it. A second call does nothing.
    fn close(&mut self) {
        self.span = Span::none();
        if let Some(deferred) = self.request.take_deferred() {
            PostResponse::new(deferred, Arc::clone(&self.request), Arc::clone(self.destinations)).schedule();
        }
    }
}

/// Closes the span of work that panicked or was dropped.
impl Drop for RootSpan<'_> {
    fn drop(&mut self) {
        if !self.has_end {
            self.record(|| End::ok().because(Failure::cancelled()));
        }
        self.close();
    }
}

/// Sets a failure as attributes of the root span, for Honeycomb's columns. Its event is on the span
/// in which it was reported first.
fn record_failure(span: &SpanRef<'_>, failure: &Failure) {
    span.set_attribute(KeyValue::new("error.type", failure.kind.clone()));
    span.set_attributes(exception(failure).into_iter().filter(|attribute| attribute.key.as_str() != "level"));
    span.set_status(Status::error(scrub(&failure.message).into_owned()));
}
