//! The spans of the requests under way: which are open, and which wait for X-Ray's datagram.

use std::sync::Arc;

use opentelemetry::trace::SpanId;
use opentelemetry_sdk::trace::SpanData;

use crate::request::Request;

/// Requests whose spans are gathered at once. More than that never run in one process: Lambda Managed Instances allow 64.
/// The oldest is given up, which sends what it holds.
const MAX_REQUESTS: usize = 256;

/// Spans of one request that are held before they are sent early: some 2 MB. A span that is sent before its parent has
/// ended takes a datagram of its own.
const MAX_HELD: usize = 2_048;

/// The requests under way, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Gathered(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    request: Arc<Request>,
    root: SpanId,
    root_ended: bool,
    /// Started and not ended: how an ending span finds its request, since two requests may be of one trace.
    open: Vec<SpanId>,
    /// Ended, and X-Ray wants them.
    held: Vec<SpanData>,
}

impl Gathered {
    /// Notes a started span; answers what had to make room for it.
    pub(crate) fn start(&mut self, request: &Arc<Request>, id: SpanId, is_root: bool) -> Vec<SpanData> {
        if let Some(entry) = self.0.iter_mut().find(|entry| Arc::ptr_eq(&entry.request, request)) {
            entry.open.push(id);
            return Vec::new();
        }
        // A span that starts after its root has ended is a request's straggler.
        let request = Arc::clone(request);
        self.0.push(Entry { request, root: id, root_ended: !is_root, open: vec![id], held: Vec::new() });
        if self.0.len() > MAX_REQUESTS { self.0.remove(0).held } else { Vec::new() }
    }

    /// Whose span this is, and whether it is the root.
    pub(crate) fn find(&self, id: SpanId) -> Option<(Arc<Request>, bool)> {
        let entry = self.0.iter().find(|entry| entry.open.contains(&id))?;
        Some((Arc::clone(&entry.request), entry.root == id && !entry.root_ended))
    }

    /// Takes an ended span; answers what X-Ray gets now: everything at the root's end, a straggler at once, else nothing.
    pub(crate) fn end(&mut self, span: SpanData, to_xray: bool) -> Vec<SpanData> {
        let id = span.span_context.span_id();
        let Some(at) = self.0.iter().position(|entry| entry.open.contains(&id)) else { return Vec::new() };
        let entry = &mut self.0[at];
        entry.open.retain(|open| *open != id);
        entry.root_ended |= entry.root == id;
        if to_xray {
            entry.held.push(span);
        }
        let is_due = entry.root_ended || entry.held.len() >= MAX_HELD;
        let due = if is_due { std::mem::take(&mut entry.held) } else { Vec::new() };
        if entry.root_ended && entry.open.is_empty() {
            self.0.swap_remove(at);
        }
        due
    }
}
