//! The span processor: records each span at its start and at its end, and gives X-Ray a request's
//! spans once its root has ended.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crudder_recorder::Outcome;
use crudder_text::scrub;
use opentelemetry::Context;
use opentelemetry::trace::{Span as _, SpanId, Status};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use super::array_attributes::restore_arrays;
use super::open_requests::OpenRequests;
use super::scrub_attributes::scrub_attributes;
use super::unsigned_fields::restore_numbers;
use crate::destinations::Destinations;
use crate::lock::lock;
use crate::otlp::Phase;
use crate::post_response;
use crate::recorder::Recorder;
use crate::request::{Current, EndOfInvocation, Request};

/// The SDK's span processor, in the place of an exporter.
#[derive(Debug)]
pub(crate) struct Processor {
    destinations: Arc<Destinations>,
    open_requests: Mutex<OpenRequests>,
}

impl Processor {
    pub(crate) fn new(destinations: Arc<Destinations>) -> Self {
        Self { destinations, open_requests: Mutex::default() }
    }

    fn recorder(&self) -> Option<&Recorder> {
        self.destinations.recorder.as_deref()
    }

    fn record_start(&self, request: &Request, span: &Span, is_root: bool) {
        let Some(recorder) = self.recorder() else { return };
        if is_root {
            recorder.invocation_started(request, span.span_context());
        }
        if let Some(mut data) = span.exported_data() {
            repair(&mut data, request, is_root);
            recorder.span(request.index, &data, parent_of(request, &data, is_root), Phase::Started);
        }
    }

    fn record_end(&self, request: &Request, span: &SpanData, is_root: bool) {
        if let Some(recorder) = self.recorder() {
            recorder.span(request.index, span, parent_of(request, span, is_root), Phase::Ended);
        }
    }

    /// Ends the invocation after the response, or at once if the response was sent before its root ended.
    fn end_request(&self, request: &Request, end: EndOfInvocation) {
        if let Some(late) = request.defer_end(end) {
            post_response::end_invocation(&self.destinations, request, &late);
        }
    }
}

/// Makes a span fit for export: restores numbers and arrays, masks secrets. The attributes with
/// which a root starts need no repair.
fn repair(span: &mut SpanData, request: &Request, is_root: bool) {
    let initial = if is_root { request.initial_attributes.min(span.attributes.len()) } else { 0 };
    let attributes = &mut span.attributes[initial..];
    restore_numbers(attributes);
    restore_arrays(attributes);
    scrub_attributes(attributes);
    if let Status::Error { description } = &mut span.status
        && let Cow::Owned(masked) = scrub(description)
    {
        *description = masked.into();
    }
}

/// Returns a span's parent for every destination but X-Ray, where a root is a child of Lambda's segment.
fn parent_of(request: &Request, span: &SpanData, is_root: bool) -> SpanId {
    if is_root { request.caller_span.unwrap_or(SpanId::INVALID) } else { span.parent_span_id }
}

impl SpanProcessor for Processor {
    fn on_start(&self, span: &mut Span, parent: &Context) {
        let Some(Current(request)) = parent.get::<Current>() else { return };
        let root_start = request.take_root_start();
        let is_root = root_start.is_some();
        if let Some(start) = root_start {
            span.update_name(request.route.clone());
            span.set_attributes(start.attributes);
            if let Some(link) = start.link {
                span.add_link(link.span_context, link.attributes);
            }
        }
        self.record_start(request, span, is_root);
        let evicted = lock(&self.open_requests).start(request, span.span_context().span_id(), is_root);
        self.destinations.send_to_xray(&evicted);
    }

    fn on_end(&self, mut span: SpanData) {
        let found = lock(&self.open_requests).find(span.span_context.span_id());
        let Some((request, is_root)) = found else { return };
        repair(&mut span, &request, is_root);
        self.record_end(&request, &span, is_root);
        let outcome = if matches!(span.status, Status::Error { .. }) { Outcome::Failed } else { Outcome::Succeeded };
        let to_xray = request.is_sampled && self.destinations.xray.is_some();
        let spans = lock(&self.open_requests).end(span, to_xray);
        if is_root {
            self.end_request(&request, EndOfInvocation { spans, outcome });
        } else {
            self.destinations.send_to_xray(&spans);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}
