//! Rules about a span's ids, name, kind, status, events and rate.

use opentelemetry_proto::tonic::trace::v1::Span as Wired;
use serde_json::Map;

use super::told;
use crate::Violation;
use crate::honeycomb::rate::{self, Rate};

/// Bits 0 to 7 are W3C's, 8 and 9 tell of a remote parent; the others are 0.
const FLAGS_KNOWN: u32 = 0x3ff;

pub(super) fn shape(span: &Wired) -> Vec<Violation> {
    let mut violations = ids(span);
    let mut rule = |is_broken: bool, rule: &'static str| {
        if is_broken {
            violations.push(Violation::new(rule, told(span)));
        }
    };
    let status = span.status.as_ref();
    rule(span.name.trim().is_empty(), "name-empty");
    rule(span.kind == 0, "kind-unspecified");
    rule(!(0..=5).contains(&span.kind), "kind-unknown");
    rule(span.flags & !FLAGS_KNOWN != 0, "flags-reserved");
    rule(status.is_some_and(|status| !(0..=2).contains(&status.code)), "status-unknown");
    rule(status.is_some_and(|status| status.code != 2 && !status.message.is_empty()), "status-message-without-error");
    rule(span.events.iter().any(|event| event.name.trim().is_empty()), "event-name-empty");
    rule(span.links.iter().any(|link| !is_id(&link.trace_id, 16) || !is_id(&link.span_id, 8)), "link-id");
    violations
}

fn ids(span: &Wired) -> Vec<Violation> {
    let parent = &span.parent_span_id;
    let broken = [
        (span.trace_id.len() != 16, "trace-id-length"),
        (span.trace_id.len() == 16 && !is_id(&span.trace_id, 16), "trace-id-zero"),
        (span.span_id.len() != 8, "span-id-length"),
        (span.span_id.len() == 8 && !is_id(&span.span_id, 8), "span-id-zero"),
        (!parent.is_empty() && !is_id(parent, 8), "parent-id"),
        (!parent.is_empty() && *parent == span.span_id, "parent-is-itself"),
    ];
    broken.into_iter().filter(|(is_broken, _)| *is_broken).map(|(_, rule)| Violation::new(rule, told(span))).collect()
}

fn is_id(bytes: &[u8], length: usize) -> bool {
    bytes.len() == length && bytes.iter().any(|byte| *byte != 0)
}

/// A rate that is no number, or below 1, is taken for 1 without a word.
pub(super) fn sample_rate(span: &Wired, resource: &Map<String, serde_json::Value>) -> Option<Violation> {
    let is_unsound = rate::rate(&span.attributes, resource, &span.trace_state) == Rate::Unsound;
    is_unsound.then(|| Violation::new("sample-rate-unsound", told(span)))
}
