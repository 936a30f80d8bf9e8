//! Spans as they start and end: the root gets its attributes at its start, and X-Ray gets a request's spans at the root's end.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry::trace::{Link, Span as _, SpanId, SpanKind, TraceContextExt, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample, Span, SpanData, SpanProcessor};

use crate::request::{Current, lock};
use crate::xray::{Daemon, sdk, write_datagrams};

/// Records everything; the sampled flag says whether X-Ray wants the span.
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
        let wanted = parent.and_then(Context::get::<Current>).is_some_and(|Current(request)| request.to_xray);
        let decision = if wanted { SamplingDecision::RecordAndSample } else { SamplingDecision::RecordOnly };
        let trace_state = parent.map(|parent| parent.span().span_context().trace_state().clone()).unwrap_or_default();
        SamplingResult { decision, attributes: Vec::new(), trace_state }
    }
}

/// Requests whose spans are being gathered at once. More than that never run in one process: Lambda Managed Instances allow
/// 64. The oldest is sent early.
const MAX_GATHERED: usize = 256;

/// Spans of one request that are held before they are sent early: some 2 MB. A span that is sent before its parent has
/// ended takes a datagram of its own.
const MAX_HELD: usize = 2_048;

/// Stands between the SDK and the planes.
#[derive(Debug)]
pub(crate) struct Spans {
    xray: Option<Arc<Daemon>>,
    service: String,
    gathered: Mutex<Vec<Gathered>>,
}

/// The spans of one request that X-Ray wants.
#[derive(Debug)]
struct Gathered {
    root: SpanId,
    /// Started and not ended: how an ending span finds its request, since two may be of one trace.
    open: Vec<SpanId>,
    ended: Vec<SpanData>,
}

impl Spans {
    pub(crate) fn new(xray: Option<Arc<Daemon>>, service: String) -> Self {
        Self { xray, service, gathered: Mutex::new(Vec::new()) }
    }

    /// Notes a span that will be X-Ray's; answers what had to make room for it.
    fn gather(&self, parent: &Context, id: SpanId, is_root: bool) -> Vec<SpanData> {
        let mut gathered = lock(&self.gathered);
        if is_root {
            gathered.push(Gathered { root: id, open: vec![id], ended: Vec::new() });
            return if gathered.len() > MAX_GATHERED { gathered.remove(0).ended } else { Vec::new() };
        }
        let parent = parent.span().span_context().span_id();
        // The parent is open, or was the root of a request that has ended: then the span goes alone when it ends.
        if let Some(request) = gathered.iter_mut().find(|request| request.open.contains(&parent)) {
            request.open.push(id);
        }
        Vec::new()
    }

    /// What can be sent now that `span` has ended.
    fn release(&self, span: SpanData) -> Vec<SpanData> {
        let id = span.span_context.span_id();
        let mut gathered = lock(&self.gathered);
        let place = gathered.iter_mut().enumerate().find_map(|(index, request)| {
            request.open.iter().position(|open| *open == id).map(|at| {
                request.open.swap_remove(at);
                index
            })
        });
        let Some(index) = place else { return vec![span] };
        let request = &mut gathered[index];
        let is_root = request.root == id;
        request.ended.push(span);
        if is_root {
            return gathered.swap_remove(index).ended;
        }
        if request.ended.len() >= MAX_HELD { std::mem::take(&mut request.ended) } else { Vec::new() }
    }

    fn send(&self, spans: &[SpanData]) {
        thread_local! {
            static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
        }
        let Some(daemon) = self.xray.as_ref().filter(|_| !spans.is_empty()) else { return };
        let borrowed = spans.iter().map(sdk::borrow).collect::<Vec<_>>();
        BUFFER.with_borrow_mut(|buffer| {
            write_datagrams(&borrowed, &self.service, buffer, |datagram| {
                daemon.send(datagram);
            });
        });
    }
}

impl SpanProcessor for Spans {
    fn on_start(&self, span: &mut Span, parent: &Context) {
        let Some(Current(request)) = parent.get::<Current>() else { return };
        let opening = request.take_opening();
        let is_root = opening.is_some();
        if let Some(opening) = opening {
            span.update_name(request.route.clone());
            span.set_attributes(opening.attributes);
            if let Some(link) = opening.link {
                span.add_link(link.span_context, link.attributes);
            }
        }
        if self.xray.is_some() && request.to_xray {
            let early = self.gather(parent, span.span_context().span_id(), is_root);
            self.send(&early);
        }
    }

    fn on_end(&self, span: SpanData) {
        if self.xray.is_some() && span.span_context.is_sampled() {
            let ready = self.release(span);
            self.send(&ready);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}
