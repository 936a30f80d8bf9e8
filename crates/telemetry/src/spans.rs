//! Spans as they start and end: each is recorded at once, and X-Ray gets a request's spans when its root has ended.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crudder_recorder::Outcome;
use crudder_text::scrub;
use opentelemetry::trace::{Link, Span as _, SpanId, SpanKind, Status, TraceContextExt, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample, Span, SpanData, SpanProcessor};

use crate::after::{Ending, Planes};
use crate::gather::Gathered;
use crate::otlp::Phase;
use crate::recorder::Recorder;
use crate::request::{Current, Request, lock};
use crate::scrub_attributes::scrub_attributes;
use crate::{arrays, numbers};

/// Records everything; the sampled flag says whether X-Ray wants the span.
#[derive(Debug, Clone)]
pub(crate) struct RecordAll;

impl ShouldSample for RecordAll {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        _: TraceId,
        _: &str,
        _: &SpanKind,
        _: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let wanted = parent.and_then(Context::get::<Current>).is_some_and(|Current(request)| request.to_xray);
        let decision = if wanted { SamplingDecision::RecordAndSample } else { SamplingDecision::RecordOnly };
        let trace_state = parent.map(|parent| parent.span().span_context().trace_state().clone()).unwrap_or_default();
        SamplingResult { decision, attributes: Vec::new(), trace_state }
    }
}

/// Stands between the SDK and the planes.
#[derive(Debug)]
pub(crate) struct Spans {
    planes: Arc<Planes>,
    gathered: Mutex<Gathered>,
}

impl Spans {
    pub(crate) fn new(planes: Planes) -> Self {
        Self { planes: Arc::new(planes), gathered: Mutex::default() }
    }

    fn recorder(&self) -> Option<&Recorder> {
        self.planes.recorder.as_deref()
    }

    fn record_start(&self, request: &Request, span: &Span, is_root: bool) {
        let Some(recorder) = self.recorder() else { return };
        if is_root {
            recorder.invocation_started(request, span.span_context());
        }
        if let Some(mut data) = span.exported_data() {
            tidy(&mut data, request, is_root);
            recorder.span(request.index, &data, parent_of(request, &data, is_root), Phase::Started);
        }
    }
}

/// Makes a span fit to be told: numbers are numbers, arrays arrays, secrets masked. What a root got at its start is fit already.
fn tidy(span: &mut SpanData, request: &Request, is_root: bool) {
    let known = if is_root { request.known.min(span.attributes.len()) } else { 0 };
    let attributes = &mut span.attributes[known..];
    numbers::restore(attributes);
    arrays::restore(attributes);
    scrub_attributes(attributes);
    if let Status::Error { description } = &mut span.status
        && let Cow::Owned(masked) = scrub(description)
    {
        *description = masked.into();
    }
}

/// A span's parent for everybody but X-Ray: a root has Lambda's segment for its parent only there.
fn parent_of(request: &Request, span: &SpanData, is_root: bool) -> SpanId {
    if is_root { request.caller_span.unwrap_or(SpanId::INVALID) } else { span.parent_span_id }
}

impl SpanProcessor for Spans {
    fn on_start(&self, span: &mut Span, parent: &Context) {
        let Some(Current(request)) = parent.get::<Current>() else { return };
        let opening = request.take_opening();
        let is_root = opening.is_some();
        if let Some((attributes, link)) = opening {
            span.update_name(request.route.clone());
            span.set_attributes(attributes);
            if let Some(link) = link {
                span.add_link(link.span_context, link.attributes);
            }
        }
        self.record_start(request, span, is_root);
        let early = lock(&self.gathered).start(request, span.span_context().span_id(), is_root);
        self.planes.send(&early);
    }

    fn on_end(&self, mut span: SpanData) {
        let found = lock(&self.gathered).find(span.span_context.span_id());
        let Some((request, is_root)) = found else { return };
        tidy(&mut span, &request, is_root);
        if let Some(recorder) = self.recorder() {
            recorder.span(request.index, &span, parent_of(&request, &span, is_root), Phase::Ended);
        }
        let outcome = if matches!(span.status, Status::Error { .. }) { Outcome::Failed } else { Outcome::Succeeded };
        let due = lock(&self.gathered).end(span, request.to_xray && self.planes.xray.is_some());
        if is_root {
            let planes = Arc::clone(&self.planes);
            request.end_later(Ending { planes, request: Arc::clone(&request), spans: due, outcome });
        } else {
            self.planes.send(&due);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}
