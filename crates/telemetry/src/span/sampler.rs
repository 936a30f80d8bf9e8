//! The sampler: every span is recorded, and the sampled flag is X-Ray's.

use opentelemetry::trace::{Link, SpanKind, TraceContextExt, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};

use crate::request::Current;

/// Records every span. Its sampled flag says whether X-Ray samples the request.
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
        let is_sampled = parent.and_then(Context::get::<Current>).is_some_and(|Current(request)| request.is_sampled);
        let decision = if is_sampled { SamplingDecision::RecordAndSample } else { SamplingDecision::RecordOnly };
        let trace_state = parent.map(|parent| parent.span().span_context().trace_state().clone()).unwrap_or_default();
        SamplingResult { decision, attributes: Vec::new(), trace_state }
    }
}
