//! Stores batches: checks, decodes and redacts their spans.

use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span as OtlpSpan};
use prost::Message;

use super::batch::Batch;
use super::span::Span;
use super::span_decoder::SpanDecoder;
use super::store::HoneycombStore;
use super::values;
use crate::handler::Call;
use crate::{Delivery, Violation, redaction};

impl HoneycombStore {
    /// Stores a batch without its first `rejected` spans.
    pub(super) fn add_batch(
        &mut self,
        call: &Call,
        request: ExportTraceServiceRequest,
        rejected: u32,
        now: SystemTime,
    ) -> Arc<Delivery> {
        // A span with an invalid id is not searched for secrets, so it counts as one with a secret.
        let unsafe_count = |store: &Self| store.call_log.exposed_secret_count() + store.counts.invalid_ids;
        let (spans_before, unsafe_before) = (self.counts.spans, unsafe_count(self));
        let delivery = self.call_log.open_delivery();
        self.call_log.record_violations(self.checks.request(&request));
        let mut rejected = rejected;
        for resource_spans in request.resource_spans {
            self.add_resource(resource_spans, &mut rejected, now, &delivery);
        }
        let (spans, has_secret) = (self.counts.spans - spans_before, unsafe_count(self) > unsafe_before);
        let batch = Batch::new(call, delivery.number(), spans, has_secret, now);
        let bytes = batch.stored_bytes();
        // Nothing refers to evicted batches.
        let _ = self.batches.push(batch, bytes);
        delivery
    }

    fn add_resource(
        &mut self,
        resource_spans: ResourceSpans,
        rejected: &mut u32,
        now: SystemTime,
        delivery: &Arc<Delivery>,
    ) {
        let attributes = resource_spans.resource.map(|resource| resource.attributes).unwrap_or_default();
        self.call_log.record_violations(self.checks.resource(&attributes));
        let mut resource = values::object(&attributes);
        self.call_log.record_violations(redaction::redact_object(&mut resource, "resource"));
        let resource = Arc::new(resource);
        for ScopeSpans { scope, spans, .. } in resource_spans.scope_spans {
            let decoder = SpanDecoder::new(&resource, scope.as_ref(), delivery);
            for span in spans {
                if *rejected > 0 {
                    *rejected -= 1;
                    self.counts.rejected += 1;
                } else {
                    self.add_span(span, &decoder, now);
                }
            }
        }
    }

    fn add_span(&mut self, span: OtlpSpan, decoder: &SpanDecoder, now: SystemTime) {
        self.counts.spans += 1;
        self.call_log.record_violations(self.checks.span(&span, decoder, now));
        // A decoded span takes about three times its encoded size: names and values are separate
        // strings.
        let bytes = span.encoded_len() * 3 + size_of::<Span>();
        let Some(mut span) = decoder.decode(span) else {
            self.counts.invalid_ids += 1;
            return;
        };
        self.call_log.record_violations(span.redact());
        self.keep(Arc::new(span), bytes);
    }

    fn keep(&mut self, span: Arc<Span>, bytes: usize) {
        let inserted = self.traces.insert(&span);
        if inserted.sample_rate_differs {
            self.call_log.record_violations([inconsistent_sample_rate(&span)]);
        }
        if !inserted.earlier_deliveries.is_empty() {
            self.call_log.record_violations(self.duplicates.record(&span, &inserted.earlier_deliveries));
        }
        for evicted in self.spans.push(span, bytes) {
            self.traces.remove_oldest(&evicted);
        }
    }
}

fn inconsistent_sample_rate(span: &Span) -> Violation {
    let detail = format!(
        "span {} of trace {} has sample rate {}, other spans have another; use one rate per trace",
        span.span_id, span.trace_id, span.sample_rate
    );
    Violation::new("sample-rate-inconsistent", detail)
}
