//! What Honeycomb's stand-in keeps: spans by arrival and by trace, and those that came twice.

use std::{sync::Arc, time::SystemTime};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    trace::v1::{ResourceSpans, ScopeSpans, Span as Wired},
};
use prost::Message;

use super::{
    Batch, Duplicate, Span, Trace, TraceSummary, check::Checks, duplicates::Duplicates, span::Surroundings,
    traces::Traces, values,
};
use crate::{Complaint, Delivery, Ledger, TraceId, desk::Call, privacy, shelf::Shelf};

/// Of the bytes that are kept, the part that the bodies of calls may take as they came: packed, they are far smaller than their spans.
const BATCHES: usize = 4;

/// What was taken so far.
#[derive(Debug)]
pub struct HoneycombStore {
    ledger: Ledger,
    checks: Checks,
    shelf: Shelf<Arc<Span>>,
    batches: Shelf<Batch>,
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
            ledger: Ledger::default(),
            checks: Checks::default(),
            shelf: Shelf::new(bytes),
            batches: Shelf::new(bytes / BATCHES),
            traces: Traces::default(),
            counts: Counts::default(),
            duplicates: Duplicates::default(),
        }
    }

    /// Calls, rejections, complaints, deliveries.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Spans taken, those that came twice counted twice, those that fell off the shelf too.
    #[must_use]
    pub fn span_count(&self) -> u64 {
        self.counts.spans
    }

    /// Spans refused by a partial success.
    #[must_use]
    pub fn refused_spans(&self) -> u64 {
        self.counts.refused
    }

    /// Spans taken whose ids no trace can show.
    #[must_use]
    pub fn invisible_spans(&self) -> u64 {
        self.counts.invisible
    }

    /// Spans that fell off the shelf to make room.
    #[must_use]
    pub fn forgotten_spans(&self) -> u64 {
        self.shelf.dropped()
    }

    /// How many bytes what is kept takes, by a generous estimate.
    #[must_use]
    pub fn bytes_kept(&self) -> usize {
        self.shelf.bytes()
    }

    /// Spans that came again after an unanswered delivery, as at-least-once delivery must.
    #[must_use]
    pub fn excused_duplicates(&self) -> u64 {
        self.duplicates.excused()
    }

    /// Spans that came again although an answer had gone out.
    #[must_use]
    pub fn unexcused_duplicates(&self) -> u64 {
        self.duplicates.unexcused()
    }

    /// The last ten thousand spans that came again.
    pub fn duplicates(&self) -> impl DoubleEndedIterator<Item = &Duplicate> {
        self.duplicates.listed()
    }

    /// All spans that are kept, in the order of arrival.
    pub fn spans(&self) -> impl DoubleEndedIterator<Item = &Span> {
        self.shelf.iter().map(AsRef::as_ref)
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

    pub(super) fn ledger_mut(&mut self) -> &mut Ledger {
        &mut self.ledger
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
        let uncleansed = |store: &Self| store.ledger.complained_of_secrets() + store.counts.invisible;
        let before = uncleansed(self);
        let delivery = self.ledger.open_delivery();
        self.ledger.complain(self.checks.envelope(&request));
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
        self.ledger.complain(self.checks.resource(&attributes));
        let mut resource = values::object(&attributes);
        self.ledger.complain(privacy::cleanse_fields(&mut resource, "resource"));
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
        self.ledger.complain(self.checks.span(&wired, surroundings, now));
        // Decoded, a span takes some three times its wire form: names and values become strings of their own.
        let bytes = wired.encoded_len() * 3 + size_of::<Span>();
        let Some(mut span) = surroundings.span(wired) else {
            self.counts.invisible += 1;
            return;
        };
        self.ledger.complain(span.cleanse());
        self.keep(Arc::new(span), bytes);
    }

    fn keep(&mut self, span: Arc<Span>, bytes: usize) {
        let met = self.traces.put(&span);
        if met.is_uneven {
            let detail = format!("trace {} has spans of rate {} and others", span.trace_id, span.sample_rate);
            self.ledger.complain([Complaint::new("sample-rate-uneven", detail)]);
        }
        if !met.before.is_empty() {
            self.ledger.complain(self.duplicates.note(&span, &met.before));
        }
        for fallen in self.shelf.put(span, bytes) {
            self.traces.forget(&fallen);
        }
    }
}
