//! The requests in progress: their open spans, and their ended spans that wait for X-Ray's datagram.

use std::sync::Arc;

use opentelemetry::trace::SpanId;
use opentelemetry_sdk::trace::SpanData;

use crate::request::Request;

/// The most requests in progress. One process never runs more: Lambda Managed Instances allow 64.
/// Beyond that the oldest is evicted, and its ended spans are sent.
const MAX_REQUESTS: usize = 256;

/// The most ended spans of one request that are held, some 2 MB; beyond that they are sent early.
/// A span that is sent before its parent has ended takes a datagram of its own.
const MAX_HELD: usize = 2_048;

/// The requests in progress, the oldest first.
#[derive(Debug, Default)]
pub(super) struct OpenRequests(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    request: Arc<Request>,
    root: SpanId,
    root_ended: bool,
    /// Started and not ended. An ending span finds its request here, since two requests may be of one trace.
    open: Vec<SpanId>,
    /// Ended, and for X-Ray.
    held: Vec<SpanData>,
}

impl OpenRequests {
    /// Adds a started span; returns the spans of a request that was evicted for it.
    pub(super) fn start(&mut self, request: &Arc<Request>, id: SpanId, is_root: bool) -> Vec<SpanData> {
        if let Some(entry) = self.0.iter_mut().find(|entry| Arc::ptr_eq(&entry.request, request)) {
            entry.open.push(id);
            return Vec::new();
        }
        // A span may start after its request's root has ended: then it is an entry without a root.
        let request = Arc::clone(request);
        self.0.push(Entry { request, root: id, root_ended: !is_root, open: vec![id], held: Vec::new() });
        if self.0.len() > MAX_REQUESTS { self.0.remove(0).held } else { Vec::new() }
    }

    /// Returns the request of an open span, and whether the span is its root.
    pub(super) fn find(&self, id: SpanId) -> Option<(Arc<Request>, bool)> {
        let entry = self.0.iter().find(|entry| entry.open.contains(&id))?;
        Some((Arc::clone(&entry.request), entry.root == id && !entry.root_ended))
    }

    /// Takes an ended span; returns the spans that X-Ray gets now: all of the request at its root's
    /// end, a span that outlived its root at once, otherwise none.
    pub(super) fn end(&mut self, span: SpanData, to_xray: bool) -> Vec<SpanData> {
        let id = span.span_context.span_id();
        let Some(index) = self.0.iter().position(|entry| entry.open.contains(&id)) else { return Vec::new() };
        let entry = &mut self.0[index];
        entry.open.retain(|open| *open != id);
        entry.root_ended |= entry.root == id;
        if to_xray {
            entry.held.push(span);
        }
        let is_due = entry.root_ended || entry.held.len() >= MAX_HELD;
        let due = if is_due { std::mem::take(&mut entry.held) } else { Vec::new() };
        if entry.root_ended && entry.open.is_empty() {
            self.0.swap_remove(index);
        }
        due
    }
}
