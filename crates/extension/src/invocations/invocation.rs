//! One invocation, as far as its records describe it.

use std::collections::BTreeMap;

use crudder_otlp::SpanSummary;
use crudder_recorder::{DeathCause, Outcome, Sink, SpanIds, WriterId};

/// Identifies an invocation. The request id can't: it comes with the invocation's start, which may
/// not have been read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) writer: WriterId,
    pub(crate) index: u32,
}

/// A span, as far as its records describe it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) ids: SpanIds,
    /// The position of its `SpanStarted` record.
    pub(crate) started: Option<u64>,
    /// The position of its `SpanEnded` record.
    pub(crate) ended: Option<u64>,
    /// Size of the payload of its last record.
    pub(crate) record_bytes: usize,
    pub(crate) summary: SpanSummary,
    pub(crate) is_exported: bool,
}

/// An event record: an error, or another report worth a Rollbar item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// The id of the span in which it happened.
    pub(crate) span: [u8; 8],
    pub(crate) position: u64,
    pub(crate) is_exported: bool,
}

/// How an invocation died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Death {
    /// The position of its `Death` record.
    pub(crate) position: u64,
    pub(crate) at_unix_nano: u64,
    pub(crate) cause: DeathCause,
    pub(crate) detail: String,
}

/// One invocation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Invocation {
    pub(crate) request_id: String,
    pub(crate) trace: [u8; 16],
    /// The id of Lambda's own segment, the parent of the root span in X-Ray.
    pub(crate) segment: [u8; 8],
    pub(crate) started_unix_nano: u64,
    pub(crate) deadline_unix_ms: u64,
    pub(crate) is_sampled: bool,
    pub(crate) is_cold: bool,
    pub(crate) has_started: bool,
    pub(crate) ended: Option<Outcome>,
    /// Whether it is over although the ring does not hold the ends of all its spans: they were
    /// dropped, or will never be written.
    pub(crate) is_abandoned: bool,
    /// Whether the function itself has sent the X-Ray documents.
    pub(crate) datagram_sent: bool,
    pub(crate) death: Option<Death>,
    pub(crate) spans: BTreeMap<[u8; 8], Span>,
    /// Reports, by the origin of their record.
    pub(crate) reports: BTreeMap<u64, Report>,
    /// All its records: position by origin.
    pub(crate) records: BTreeMap<u64, u64>,
    /// The origins of its `InvocationStarted` and `InvocationEnded` records.
    pub(crate) frame: [Option<u64>; 2],
    /// The records that some item bears or resolves along, by sink.
    pub(crate) exported: [Vec<u64>; Sink::COUNT],
}

impl Invocation {
    /// Whether no more of its records are expected: it ended with all its spans, it died, or it was
    /// abandoned.
    pub(crate) fn is_over(&self) -> bool {
        self.death.is_some()
            || self.is_abandoned
            || (self.ended.is_some() && self.spans.values().all(|span| span.ended.is_some()))
    }

    /// Returns the innermost open span and the open spans above it, outermost first: where the
    /// invocation was when it died. The last one is the failed span.
    pub(crate) fn open_path(&self) -> Vec<Span> {
        let is_open = |span: &&Span| span.ended.is_none();
        let is_parent = |id: &[u8; 8]| self.spans.values().filter(is_open).any(|child| child.ids.parent == *id);
        let innermost = self
            .spans
            .values()
            .filter(is_open)
            .filter(|span| !is_parent(&span.ids.span))
            .max_by_key(|span| (span.summary.start_ns, span.started));
        let mut path = Vec::new();
        let mut next = innermost.copied();
        while let Some(span) = next.filter(|_| path.len() <= self.spans.len()) {
            path.push(span);
            next = self.spans.get(&span.ids.parent).copied().filter(|parent| parent.ended.is_none());
        }
        path.reverse();
        path
    }

    /// Returns the span whose parent is not among this invocation's spans.
    pub(crate) fn root(&self) -> Option<&Span> {
        self.spans.values().find(|span| !self.spans.contains_key(&span.ids.parent))
    }

    /// Returns the positions of the records that say whose spans these are: start and end of the
    /// invocation.
    pub(crate) fn frame_positions(&self) -> Vec<u64> {
        self.frame.iter().flatten().filter_map(|origin| self.records.get(origin).copied()).collect()
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.death.is_some()
            || !self.reports.is_empty()
            || self.ended == Some(Outcome::Failed)
            || self.spans.values().any(|span| span.summary.failed)
    }

    /// Returns what a late record of this invocation needs: its identity, its outcome, and its open
    /// spans, which were exported as unfinished and must not be exported again if they end after
    /// all.
    pub(crate) fn summarized(&self) -> Self {
        let open = self.spans.iter().filter(|(_, span)| span.ended.is_none());
        Self {
            request_id: self.request_id.clone(),
            trace: self.trace,
            started_unix_nano: self.started_unix_nano,
            is_cold: self.is_cold,
            has_started: self.has_started,
            ended: self.ended,
            death: self.death.clone(),
            spans: open.map(|(id, span)| (*id, *span)).collect(),
            ..Self::default()
        }
    }
}
