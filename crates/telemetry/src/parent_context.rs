//! The parent of an invocation's root span: Lambda's segment in X-Ray, the caller's span elsewhere.

use crudder_xray::{Sampling, TraceHeader};
use opentelemetry::Context;
use opentelemetry::trace::{Link, SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};

/// The trace context of an invocation, from its X-Ray header and its `traceparent`.
#[derive(Debug)]
pub(crate) struct ParentContext {
    /// The parent for the SDK; `None` starts a trace.
    pub(crate) span: Option<SpanContext>,
    /// Whether X-Ray samples this trace and has a segment for this invocation.
    pub(crate) is_sampled: bool,
    /// That segment; zeros if there is none.
    pub(crate) segment: SpanId,
    /// The caller's span in the same trace.
    pub(crate) caller_span: Option<SpanId>,
    /// The caller's span in another trace.
    pub(crate) link: Option<Link>,
}

impl ParentContext {
    pub(crate) fn read(trace_header: Option<&str>, traceparent: Option<&str>) -> Self {
        let lambda = trace_header.and_then(xray_context);
        let caller = traceparent.and_then(w3c_context);
        match (lambda, caller) {
            (Some(lambda), caller) => {
                let same = caller.as_ref().filter(|caller| caller.trace_id() == lambda.trace_id());
                let caller_span = same.map(SpanContext::span_id);
                let link = caller.filter(|_| caller_span.is_none()).map(Link::with_context);
                let is_sampled = lambda.is_valid() && lambda.is_sampled();
                let segment = if lambda.is_valid() { lambda.span_id() } else { SpanId::INVALID };
                Self { span: Some(with_parent_id(lambda)), is_sampled, segment, caller_span, link }
            }
            // Without Lambda's header there is no segment to be the parent, so X-Ray gets nothing.
            (None, Some(caller)) => Self { caller_span: Some(caller.span_id()), span: Some(caller), ..Self::none() },
            (None, None) => Self::none(),
        }
    }

    fn none() -> Self {
        Self { span: None, is_sampled: false, segment: SpanId::INVALID, caller_span: None, link: None }
    }

    /// The context in which the root span starts.
    pub(crate) fn context(&self) -> Context {
        match &self.span {
            Some(span) => Context::new().with_remote_span_context(span.clone()),
            None => Context::new(),
        }
    }
}

/// The span that an X-Ray header names; `None` if it names none.
pub(crate) fn span_in(trace_header: &str) -> Option<SpanContext> {
    xray_context(trace_header).filter(SpanContext::is_valid)
}

fn xray_context(trace_header: &str) -> Option<SpanContext> {
    let TraceHeader { root, parent, sampling } = trace_header.parse().ok()?;
    let flags = if sampling == Sampling::Sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let parent = SpanId::from_bytes(parent.unwrap_or(0).to_be_bytes());
    Some(SpanContext::new(TraceId::from_bytes(root.number().to_be_bytes()), parent, flags, true, TraceState::NONE))
}

/// Makes up a parent for a header without `Parent`, because the SDK joins a trace only through one.
/// The made-up id is exported nowhere: outside X-Ray the root has no parent, and X-Ray gets nothing.
fn with_parent_id(span: SpanContext) -> SpanContext {
    if span.is_valid() {
        return span;
    }
    let id = SpanId::from_bytes(span.trace_id().to_bytes()[8..].try_into().expect("eight of sixteen bytes"));
    let id = if id == SpanId::INVALID { SpanId::from_bytes([1; 8]) } else { id };
    SpanContext::new(span.trace_id(), id, TraceFlags::default(), true, TraceState::NONE)
}

/// Parses W3C's `00-<32 hex>-<16 hex>-<2 hex>`. A later version may have more parts, never fewer.
fn w3c_context(header: &str) -> Option<SpanContext> {
    let mut parts = header.trim().split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let lengths_fit = version.len() == 2 && trace.len() == 32 && span.len() == 16 && flags.len() == 2;
    if !lengths_fit || version == "ff" || (version == "00" && parts.next().is_some()) {
        return None;
    }
    u8::from_str_radix(version, 16).ok()?;
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
    let context =
        SpanContext::new(TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?, flags, true, TraceState::NONE);
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:1|68fd508a:5";
    const TRACE: &str = "5759e988bd862e3fe1be46a994272793";

    #[test]
    fn a_sampled_header_makes_the_lambda_segment_the_parent() {
        let parent = ParentContext::read(Some(HEADER), None);
        let span = parent.span.unwrap();
        assert_eq!(
            (span.trace_id().to_string().as_str(), span.span_id().to_string().as_str()),
            (TRACE, "53995c3f42cd8ad8")
        );
        assert!(parent.is_sampled && parent.caller_span.is_none() && parent.link.is_none());
    }

    #[test]
    fn an_unsampled_header_sends_nothing_to_x_ray() {
        for header in [
            HEADER.replace("Sampled=1", "Sampled=0"),
            HEADER.replace("Sampled=1", "Sampled=?"),
            HEADER.replace(";Sampled=1", ""),
        ] {
            let parent = ParentContext::read(Some(&header), None);
            assert!(!parent.is_sampled, "{header}");
            assert_eq!(parent.span.unwrap().trace_id().to_string(), TRACE);
        }
    }

    #[test]
    fn a_header_with_only_a_root_still_gives_its_trace() {
        let parent = ParentContext::read(Some("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"), None);
        assert_eq!(parent.span.unwrap().trace_id().to_string(), TRACE);
        assert!(!parent.is_sampled);
    }

    #[test]
    fn a_traceparent_of_the_same_trace_is_the_caller_span() {
        let parent = ParentContext::read(Some(HEADER), Some(&format!("00-{TRACE}-00f067aa0ba902b7-01")));
        assert_eq!(parent.caller_span.unwrap().to_string(), "00f067aa0ba902b7");
        assert!(parent.link.is_none() && parent.is_sampled);
    }

    #[test]
    fn a_traceparent_of_another_trace_is_a_link() {
        let parent = ParentContext::read(Some(HEADER), Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        assert_eq!(parent.link.unwrap().span_context.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(parent.caller_span.is_none());
    }

    #[test]
    fn malformed_headers_start_a_new_trace() {
        for header in
            ["", ";;;===", "Root=1-x-y", "Root=1-00000000-000000000000000000000000;Parent=1", "Root", "Root=1-é"]
        {
            assert!(ParentContext::read(Some(header), None).span.is_none(), "{header}");
        }
        let nines = "9".repeat(70_000);
        for traceparent in ["", "00", "00-1-2-3", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", &nines] {
            assert!(ParentContext::read(None, Some(traceparent)).span.is_none(), "{traceparent:.40}");
        }
    }
}
