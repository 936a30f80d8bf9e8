//! What Honeycomb's stand-in keeps: spans by arrival and by trace, and those that came twice.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::SystemTime,
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    trace::v1::{ResourceSpans, ScopeSpans, Span as Wired},
};
use prost::Message;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::{Span, TraceSummary, check::Checks, span::Surroundings, values};
use crate::{Complaint, Delivery, Ledger, TraceId, privacy, shelf::Shelf};

/// Duplicates are listed for a test's report up to this many, and counted beyond.
const DUPLICATES_LISTED: usize = 10_000;

/// What was taken so far.
#[derive(Debug)]
pub struct HoneycombStore {
    ledger: Ledger,
    checks: Checks,
    shelf: Shelf<Arc<Span>>,
    traces: HashMap<TraceId, Vec<Arc<Span>>>,
    counts: Counts,
    duplicates: VecDeque<Duplicate>,
}

#[derive(Debug, Default)]
struct Counts {
    spans: u64,
    refused: u64,
    invisible: u64,
    excused: u64,
    unexcused: u64,
}

/// The spans of one trace, in the order of their arrival, those that came twice twice.
#[derive(Debug, Clone, Serialize)]
pub struct Trace {
    /// Its id.
    pub trace_id: TraceId,
    /// Its spans.
    #[serde(serialize_with = "shared")]
    pub spans: Vec<Arc<Span>>,
}

fn shared<S: Serializer>(spans: &[Arc<Span>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(spans.iter().map(AsRef::as_ref))
}

/// A span that came again.
#[derive(Debug, Clone, Serialize)]
pub struct Duplicate {
    /// Its trace.
    pub trace_id: TraceId,
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// The numbers of the deliveries that had brought it before.
    pub before: Vec<u64>,
    /// The number of the delivery that brought it again.
    pub again: u64,
    /// Whether none of those before had been answered, so that its sender could not know.
    pub is_excused: bool,
}

impl HoneycombStore {
    pub(super) fn new(bytes: usize) -> Self {
        Self {
            ledger: Ledger::default(),
            checks: Checks::default(),
            shelf: Shelf::new(bytes),
            traces: HashMap::new(),
            counts: Counts::default(),
            duplicates: VecDeque::new(),
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
        self.counts.excused
    }

    /// Spans that came again although an answer had gone out.
    #[must_use]
    pub fn unexcused_duplicates(&self) -> u64 {
        self.counts.unexcused
    }

    /// The last ten thousand spans that came again.
    pub fn duplicates(&self) -> impl DoubleEndedIterator<Item = &Duplicate> {
        self.duplicates.iter()
    }

    /// All spans that are kept, in the order of arrival.
    pub fn spans(&self) -> impl DoubleEndedIterator<Item = &Span> {
        self.shelf.iter().map(AsRef::as_ref)
    }

    /// The newest traces, newest first, at most `limit`.
    #[must_use]
    pub fn traces(&self, limit: usize) -> Vec<TraceSummary> {
        let mut ids: Vec<_> = self.traces.keys().copied().collect();
        ids.sort_by_cached_key(|id| (std::cmp::Reverse(self.started(id)), *id));
        ids.iter().take(limit).filter_map(|id| self.trace(*id)?.summary()).collect()
    }

    /// How many traces are kept, in whole or in part.
    #[must_use]
    pub fn trace_count(&self) -> usize {
        self.traces.len()
    }

    /// One trace.
    #[must_use]
    pub fn trace(&self, trace_id: TraceId) -> Option<Trace> {
        let spans = self.traces.get(&trace_id)?.clone();
        Some(Trace { trace_id, spans })
    }

    fn started(&self, trace_id: &TraceId) -> Option<u64> {
        self.traces.get(trace_id)?.iter().map(|span| span.start_ns).min()
    }

    pub(super) fn ledger_mut(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    /// Takes a batch, but for its first `refused` spans.
    pub(super) fn take(&mut self, request: ExportTraceServiceRequest, refused: u32, now: SystemTime) -> Arc<Delivery> {
        let delivery = self.ledger.open_delivery();
        self.ledger.complain(self.checks.envelope(&request));
        let mut refused = refused;
        for batch in request.resource_spans {
            self.take_resource(batch, &mut refused, now, &delivery);
        }
        delivery
    }

    fn take_resource(&mut self, batch: ResourceSpans, refused: &mut u32, now: SystemTime, delivery: &Arc<Delivery>) {
        let attributes = batch.resource.map(|resource| resource.attributes).unwrap_or_default();
        self.ledger.complain(self.checks.resource(&attributes));
        let mut resource = Value::Object(values::object(&attributes));
        self.ledger.complain(privacy::cleanse(&mut resource, "resource"));
        let resource: Arc<Map<String, Value>> = Arc::new(resource.as_object().cloned().unwrap_or_default());
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
        let siblings = self.traces.entry(span.trace_id).or_default();
        let before: Vec<_> = siblings
            .iter()
            .filter(|other| other.span_id == span.span_id)
            .map(|other| Arc::clone(&other.delivery))
            .collect();
        if siblings.first().is_some_and(|other| other.sample_rate != span.sample_rate) {
            let detail = format!("trace {} has spans of rate {} and others", span.trace_id, span.sample_rate);
            self.ledger.complain([Complaint::new("sample-rate-uneven", detail)]);
        }
        siblings.push(Arc::clone(&span));
        if !before.is_empty() {
            self.note_duplicate(&span, &before);
        }
        for fallen in self.shelf.put(span, bytes) {
            self.forget(&fallen);
        }
    }

    fn note_duplicate(&mut self, span: &Span, before: &[Arc<Delivery>]) {
        let is_excused =
            before.iter().all(|delivery| !delivery.was_answered() && delivery.number() != span.delivery.number());
        if is_excused {
            self.counts.excused += 1;
        } else {
            self.counts.unexcused += 1;
            let detail = format!("span {} of trace {} came again", span.span_id, span.trace_id);
            self.ledger.complain([Complaint::new("span-twice", detail)]);
        }
        if self.duplicates.len() == DUPLICATES_LISTED {
            self.duplicates.pop_front();
        }
        self.duplicates.push_back(Duplicate {
            trace_id: span.trace_id,
            span_id: span.span_id.clone(),
            before: before.iter().map(|delivery| delivery.number()).collect(),
            again: span.delivery.number(),
            is_excused,
        });
    }

    fn forget(&mut self, fallen: &Arc<Span>) {
        if let Some(spans) = self.traces.get_mut(&fallen.trace_id) {
            spans.retain(|span| !Arc::ptr_eq(span, fallen));
            if spans.is_empty() {
                self.traces.remove(&fallen.trace_id);
            }
        }
    }
}
