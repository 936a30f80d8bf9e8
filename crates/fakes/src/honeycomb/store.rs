//! What Honeycomb's fake keeps: spans by arrival and by trace, and those that came twice.

use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span as Wired};
use prost::Message;

use super::check::Checks;
use super::duplicates::Duplicates;
use super::span::Surroundings;
use super::traces::Traces;
use super::{Batch, Duplicate, Span, Trace, TraceSummary, values};
use crate::bounded_log::BoundedLog;
use crate::handler::Call;
use crate::{CallLog, Delivery, TraceId, Violation, privacy};

/// Of the bytes that are kept, the part that the bodies of calls may take as they came: packed, they are far smaller than their spans.
const BATCHES: usize = 4;

/// What was taken so far.
#[derive(Debug)]
pub struct HoneycombStore {
    call_log: CallLog,
    checks: Checks,
    log: BoundedLog<Arc<Span>>,
    batches: BoundedLog<Batch>,
    traces: Traces,
    counts: Counts,
    duplicates: Duplicates,
}

#[derive(Debug, Default)]
struct Counts {
    spans: u64,
    refused: u64,
    invisible: u64,
}

impl HoneycombStore {
    pub(super) fn new(bytes: usize) -> Self {
        Self {
            call_log: CallLog::default(),
            checks: Checks::default(),
            log: BoundedLog::new(bytes),
            batches: BoundedLog::new(bytes / BATCHES),
            traces: Traces::default(),
            counts: Counts::default(),
            duplicates: Duplicates::default(),
        }
    }

    /// Calls, rejections, violations, deliveries.
    #[must_use]
    pub fn call_log(&self) -> &CallLog {
        &self.call_log
    }

    /// Spans taken, those that came twice counted twice, those that fell off the log too.
    #[must_use]
    pub fn span_count(&self) -> u64 {
        self.counts.spans
    }

    /// Spans refused by a partial success.
    #[must_use]
    pub fn rejected_spans(&self) -> u64 {
        self.counts.refused
    }

    /// Spans taken whose ids no trace can show.
    #[must_use]
    pub fn spans_with_invalid_ids(&self) -> u64 {
        self.counts.invisible
    }

    /// Spans that fell off the log to make room.
    #[must_use]
    pub fn evicted_spans(&self) -> u64 {
        self.log.dropped()
    }

    /// How many bytes what is kept takes, by a generous estimate.
    #[must_use]
    pub fn bytes_kept(&self) -> usize {
        self.log.bytes()
    }

    /// Spans that came again after an unanswered delivery, as at-least-once delivery must.
    #[must_use]
    pub fn expected_duplicates(&self) -> u64 {
        self.duplicates.excused()
    }

    /// Spans that came again although an answer had gone out.
    #[must_use]
    pub fn unexpected_duplicates(&self) -> u64 {
        self.duplicates.unexcused()
    }

    /// The last ten thousand spans that came again.
    pub fn duplicates(&self) -> impl DoubleEndedIterator<Item = &Duplicate> {
        self.duplicates.listed()
    }

    /// All spans that are kept, in the order of arrival.
    pub fn spans(&self) -> impl DoubleEndedIterator<Item = &Span> {
        self.log.iter().map(AsRef::as_ref)
    }

    /// The newest traces, newest first, at most `limit`.
    #[must_use]
    pub fn traces(&self, limit: usize) -> Vec<TraceSummary> {
        self.traces.newest(limit)
    }

    /// How many traces are kept, in whole or in part.
    #[must_use]
    pub fn trace_count(&self) -> usize {
        self.traces.count()
    }

    /// One trace.
    #[must_use]
    pub fn trace(&self, trace_id: TraceId) -> Option<Trace> {
        self.traces.trace(trace_id)
    }

    /// The call of this delivery number, as it came, if it is still kept.
    #[must_use]
    pub fn batch(&self, number: u64) -> Option<&Batch> {
        self.batches.iter().rev().find(|batch| batch.number == number)
    }

    pub(super) fn ledger_mut(&mut self) -> &mut CallLog {
        &mut self.call_log
    }

    /// Takes a batch, but for its first `refused` spans.
    pub(super) fn take(
        &mut self,
        call: &Call,
        request: ExportTraceServiceRequest,
        refused: u32,
        now: SystemTime,
    ) -> Arc<Delivery> {
        let spans = self.counts.spans;
        let uncleansed = |store: &Self| store.call_log.complained_of_secrets() + store.counts.invisible;
        let before = uncleansed(self);
        let delivery = self.call_log.open_delivery();
        self.call_log.complain(self.checks.envelope(&request));
        let mut refused = refused;
        for batch in request.resource_spans {
            self.take_resource(batch, &mut refused, now, &delivery);
        }
        let (spans, has_secret) = (self.counts.spans - spans, uncleansed(self) > before);
        let batch = Batch::new(call, delivery.number(), spans, has_secret, now);
        let size = batch.size();
        // What falls off is forgotten, and nothing points to it.
        let _ = self.batches.put(batch, size);
        delivery
    }

    fn take_resource(&mut self, batch: ResourceSpans, refused: &mut u32, now: SystemTime, delivery: &Arc<Delivery>) {
        let attributes = batch.resource.map(|resource| resource.attributes).unwrap_or_default();
        self.call_log.complain(self.checks.resource(&attributes));
        let mut resource = values::object(&attributes);
        self.call_log.complain(privacy::cleanse_fields(&mut resource, "resource"));
        let resource = Arc::new(resource);
        for ScopeSpans { scope, spans, .. } in batch.scope_spans {
            let surroundings = Surroundings::new(&resource, scope.as_ref(), delivery);
            for wired in spans {
                if *refused > 0 {
                    *refused -= 1;
                    self.counts.refused += 1;
                } else {
                    self.take_span(wired, &surroundings, now);
                }
            }
        }
    }

    fn take_span(&mut self, wired: Wired, surroundings: &Surroundings, now: SystemTime) {
        self.counts.spans += 1;
        self.call_log.complain(self.checks.span(&wired, surroundings, now));
        // Decoded, a span takes some three times its wire form: names and values become strings of their own.
        let bytes = wired.encoded_len() * 3 + size_of::<Span>();
        let Some(mut span) = surroundings.span(wired) else {
            self.counts.invisible += 1;
            return;
        };
        self.call_log.complain(span.cleanse());
        self.keep(Arc::new(span), bytes);
    }

    fn keep(&mut self, span: Arc<Span>, bytes: usize) {
        let met = self.traces.put(&span);
        if met.is_uneven {
            let detail = format!("trace {} has spans of rate {} and others", span.trace_id, span.sample_rate);
            self.call_log.complain([Violation::new("sample-rate-uneven", detail)]);
        }
        if !met.before.is_empty() {
            self.call_log.complain(self.duplicates.note(&span, &met.before));
        }
        for fallen in self.log.put(span, bytes) {
            self.traces.forget(&fallen);
        }
    }
}
