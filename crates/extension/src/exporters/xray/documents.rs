//! The documents of a dead invocation: ended spans as they are, open ones closed as failed.

use crudder_otlp as otlp;
use crudder_xray::{Attribute, Value};

use super::super::context::Context;
use super::super::item::Item;
use super::super::payload::Payload;
use crate::invocations::{Death, Invocation, Span, describe};

/// Returns the documents of a dead invocation as one item. Returns `None` if the function has sent
/// them itself, or if X-Ray does not sample the trace.
pub(super) fn of_death(service: &str, invocation: &Invocation, death: &Death, context: &Context<'_>) -> Option<Item> {
    if invocation.datagram_sent || !invocation.is_sampled || invocation.segment == [0; 8] {
        return None;
    }
    let failed_span = invocation.open_path().last().map(|span| span.ids.span);
    let spans: Vec<_> = invocation
        .spans
        .values()
        .filter_map(|span| document_span(span, invocation, death, failed_span, context))
        .collect();
    let (mut buffer, mut datagrams) = (Vec::new(), Vec::new());
    crudder_xray::write_datagrams(&spans, service, &mut buffer, |datagram| datagrams.push(datagram.to_vec()));
    if datagrams.is_empty() {
        return None;
    }
    let daemon = context.process.and_then(|process| crudder_xray::daemon_address(&process.xray_daemon));
    let payload = Payload { daemon, ..Payload::new(datagrams.join(&b'\n').into()) };
    let others = invocation.records.values().copied().filter(|position| *position != death.position);
    Some(Item { also: others.collect(), ..Item::new(death.position, payload, context.now) })
}

/// Returns a span as X-Ray gets it: below Lambda's segment, and closed as failed if it was open.
fn document_span<'a>(
    span: &Span,
    invocation: &Invocation,
    death: &Death,
    failed_span: Option<[u8; 8]>,
    context: &Context<'a>,
) -> Option<crudder_xray::Span<'a>> {
    let (ids, message) = context.message(span.ended.or(span.started)?)?;
    let mut document = otlp::read::span(message);
    document.trace_id = u128::from_be_bytes(ids.trace);
    document.id = u64::from_be_bytes(ids.span);
    let parent = if invocation.spans.contains_key(&ids.parent) { ids.parent } else { invocation.segment };
    document.parent_id = u64::from_be_bytes(parent);
    if span.ended.is_none() {
        document.end_ns = Some(death.at_unix_nano.max(document.start_ns));
        document.failed = true;
        document.status_message = describe(death.cause);
        let cause = Value::Str(death.cause.as_str());
        document.attributes.push(Attribute { key: "annotation.death", value: cause });
        if failed_span == Some(ids.span) {
            document.attributes.push(Attribute { key: "annotation.culprit", value: Value::Bool(true) });
        }
    }
    Some(document)
}
