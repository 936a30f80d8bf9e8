//! The store of Honeycomb's fake: spans in the order of arrival and by trace, and duplicates.

use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span as OtlpSpan};
use prost::Message;

use super::batch::Batch;
use super::check::Checks;
use super::duplicates::{Duplicate, Duplicates};
use super::span::Span;
use super::span_decoder::SpanDecoder;
use super::summary::TraceSummary;
use super::trace::Trace;
use super::trace_index::TraceIndex;
use super::values;
use crate::bounded_log::BoundedLog;
use crate::handler::Call;
use crate::{CallLog, Delivery, TraceId, Violation, redaction};

/// Bodies may take this fraction of the store's capacity. They are compressed, so that they are far
/// smaller than their spans.
const BATCH_FRACTION: usize = 4;

/// What the fake accepted so far.
#[derive(Debug)]
pub struct HoneycombStore {
    call_log: CallLog,
    checks: Checks,
    spans: BoundedLog<Arc<Span>>,
    batches: BoundedLog<Batch>,
    traces: TraceIndex,
    counts: Counts,
    duplicates: Duplicates,
}

#[derive(Debug, Default)]
struct Counts {
    spans: u64,
    rejected: u64,
    invalid_ids: u64,
}

impl HoneycombStore {
    pub(super) fn new(capacity_bytes: usize) -> Self {
        Self {
            call_log: CallLog::default(),
            checks: Checks::default(),
            spans: BoundedLog::new(capacity_bytes),
            batches: BoundedLog::new(capacity_bytes / BATCH_FRACTION),
            traces: TraceIndex::default(),
            counts: Counts::default(),
            duplicates: Duplicates::default(),
        }
    }

    /// Returns the log of calls, rejections, violations and deliveries.
    #[must_use]
    pub fn call_log(&self) -> &CallLog {
        &self.call_log
    }

    /// Returns how many spans were accepted, including duplicates and evicted spans.
    #[must_use]
    pub fn span_count(&self) -> u64 {
        self.counts.spans
    }

    /// Returns how many spans a partial success rejected.
    #[must_use]
    pub fn rejected_spans(&self) -> u64 {
        self.counts.rejected
    }

    /// Returns how many accepted spans have an id of the wrong length, so that no trace shows them.
    #[must_use]
    pub fn spans_with_invalid_ids(&self) -> u64 {
        self.counts.invalid_ids
    }

    /// Returns how many spans were evicted to keep the store within its capacity.
    #[must_use]
    pub fn evicted_spans(&self) -> u64 {
        self.spans.evicted()
    }

    /// Returns how many bytes the stored spans take, estimated generously.
    #[must_use]
    pub fn bytes_kept(&self) -> usize {
        self.spans.weight()
    }

    /// Returns how many spans arrived again after an unanswered delivery. At-least-once delivery
    /// demands that.
    #[must_use]
    pub fn expected_duplicates(&self) -> u64 {
        self.duplicates.expected()
    }

    /// Returns how many spans arrived again although their first delivery was answered.
    #[must_use]
    pub fn unexpected_duplicates(&self) -> u64 {
        self.duplicates.unexpected()
    }

    /// Returns the last ten thousand duplicates, oldest first.
    pub fn duplicates(&self) -> impl DoubleEndedIterator<Item = &Duplicate> {
        self.duplicates.listed()
    }

    /// Returns the stored spans in the order of arrival.
    pub fn spans(&self) -> impl DoubleEndedIterator<Item = &Span> {
        self.spans.iter().map(AsRef::as_ref)
    }

    /// Returns summaries of the newest traces, newest first, at most `limit`.
    #[must_use]
    pub fn traces(&self, limit: usize) -> Vec<TraceSummary> {
        self.traces.newest(limit)
    }

    /// Returns of how many traces the store has spans.
    #[must_use]
    pub fn trace_count(&self) -> usize {
        self.traces.count()
    }

    /// Returns the stored spans of a trace, or `None` if there are none.
    #[must_use]
    pub fn trace(&self, trace_id: TraceId) -> Option<Trace> {
        self.traces.trace(trace_id)
    }

    /// Returns the batch with this delivery number as it arrived, or `None` if it was evicted.
    #[must_use]
    pub fn batch(&self, number: u64) -> Option<&Batch> {
        self.batches.iter().rev().find(|batch| batch.number == number)
    }

    pub(super) fn call_log_mut(&mut self) -> &mut CallLog {
        &mut self.call_log
    }

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
        // A decoded span takes about three times its encoded size: names and values are separate strings.
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
