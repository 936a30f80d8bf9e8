//! Spans as they start and end: the root gets its attributes at its start.

use std::time::Duration;

use opentelemetry::trace::{Link, Span as _, SpanKind, TraceContextExt, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample, Span, SpanData, SpanProcessor};

use crate::request::Current;

/// Records everything; the sampled flag is X-Ray's own decision, passed on.
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
        let parent = parent.map(TraceContextExt::span);
        let parent = parent.as_ref().map(|span| span.span_context()).filter(|span| span.is_valid());
        let decision = match parent {
            Some(parent) if !parent.is_sampled() => SamplingDecision::RecordOnly,
            _ => SamplingDecision::RecordAndSample,
        };
        let trace_state = parent.map(|parent| parent.trace_state().clone()).unwrap_or_default();
        SamplingResult { decision, attributes: Vec::new(), trace_state }
    }
}

/// Stands between the SDK and the planes.
#[derive(Debug)]
pub(crate) struct Spans;

impl SpanProcessor for Spans {
    fn on_start(&self, span: &mut Span, parent: &Context) {
        let Some(Current(request)) = parent.get::<Current>() else { return };
        let Some(opening) = request.take_opening() else { return };
        span.update_name(request.route.clone());
        span.set_attributes(opening.attributes);
        if let Some(link) = opening.link {
            span.add_link(link.span_context, link.attributes);
        }
    }

    fn on_end(&self, _span: SpanData) {}

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}
