//! What exporters turn into items: observations, with access to the records behind them.

use crudder_otlp as otlp;
use crudder_recorder::{Reader, SpanIds, WriterId};
use tokio::time::Instant;

use crate::invocations::{Death, InitDeath, Invocation, Key, Process, Report, Span};

/// Something that the extension found out about a function.
#[derive(Clone, Copy)]
pub(crate) enum Observation<'a> {
    /// A report, which need not wait for the end of its invocation. `origin` is the origin of its
    /// record.
    Reported { key: Key, invocation: &'a Invocation, origin: u64, report: Report },
    /// A span ended in an invocation that goes on, or after its invocation was exported.
    SpanEnded { writer: WriterId, position: u64, record_bytes: usize },
    /// An invocation is over. `sample_rate` is `None` if its spans are not kept.
    Finished { writer: WriterId, invocation: &'a Invocation, sample_rate: Option<u64> },
    /// An invocation died.
    Died { invocation: &'a Invocation, death: &'a Death },
    /// A process died before its first invocation.
    DiedInInit(&'a InitDeath),
}

/// What an exporter may read to make items of an observation.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) reader: &'a Reader,
    /// The function's name.
    pub(crate) function: &'a str,
    pub(crate) process: Option<&'a Process>,
    pub(crate) now: Instant,
}

impl<'a> Context<'a> {
    /// Returns the ids and the OTLP message of a span or event record.
    pub(crate) fn message(&self, position: u64) -> Option<(SpanIds, &'a [u8])> {
        SpanIds::split(self.reader.peek(position)?.payload).ok()
    }

    /// Returns the root span from its last record.
    pub(crate) fn root_span(&self, invocation: &Invocation) -> Option<otlp::Span<'a>> {
        let root = invocation.root()?;
        let read = |position: u64| self.message(position).map(|(_, message)| otlp::read::span(message));
        root.ended.and_then(read).or_else(|| root.started.and_then(read))
    }

    /// Returns the name of a span from its first record.
    pub(crate) fn span_name(&self, span: &Span) -> Option<String> {
        let (_, message) = self.message(span.started?)?;
        Some(otlp::read::span(message).name.to_owned())
    }
}
