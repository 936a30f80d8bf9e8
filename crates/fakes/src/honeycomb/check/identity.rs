//! Checks a span's ids, name, kind, flags, status, events, links and sample rate.

use opentelemetry_proto::tonic::trace::v1::Span as OtlpSpan;
use serde_json::Map;

use super::describe::span_label;
use crate::Violation;
use crate::honeycomb::sample_rate::{self, SampleRate};

/// Bits 0 to 7 are W3C's trace flags, bits 8 and 9 describe a remote parent. OTLP reserves the
/// others.
const KNOWN_FLAGS: u32 = 0x3ff;

/// Checks a span against OTLP's specification (`trace.proto`).
pub(super) fn check(span: &OtlpSpan) -> Vec<Violation> {
    let status = span.status.as_ref();
    let rules = [
        (span.name.trim().is_empty(), "name-empty", "has no name"),
        (span.kind == 0, "kind-unspecified", "has no kind"),
        (!(0..=5).contains(&span.kind), "kind-unknown", "has a kind other than 0 to 5"),
        (span.flags & !KNOWN_FLAGS != 0, "flags-reserved", "sets flags that OTLP reserves"),
        (
            status.is_some_and(|status| !(0..=2).contains(&status.code)),
            "status-unknown",
            "has a status code other than 0 (unset), 1 (ok) and 2 (error)",
        ),
        (
            status.is_some_and(|status| status.code != 2 && !status.message.is_empty()),
            "status-message-without-error",
            "has a status message without the status code 2 (error)",
        ),
        (
            span.events.iter().any(|event| event.name.trim().is_empty()),
            "event-name-empty",
            "has an event without a name",
        ),
        (
            span.links.iter().any(|link| !is_id(&link.trace_id, 16) || !is_id(&link.span_id, 8)),
            "link-id-invalid",
            "has a link without a trace id of 16 bytes and a span id of 8 bytes",
        ),
    ];
    broken(span, ids(span).into_iter().chain(rules))
}

/// The rules about ids: whether each is broken, its name, and what is wrong.
fn ids(span: &OtlpSpan) -> [(bool, &'static str, &'static str); 6] {
    let parent = &span.parent_span_id;
    [
        (span.trace_id.len() != 16, "trace-id-length", "has a trace id of another length than 16 bytes"),
        (span.trace_id.len() == 16 && !is_id(&span.trace_id, 16), "trace-id-zero", "has a trace id of zeroes"),
        (span.span_id.len() != 8, "span-id-length", "has a span id of another length than 8 bytes"),
        (span.span_id.len() == 8 && !is_id(&span.span_id, 8), "span-id-zero", "has a span id of zeroes"),
        (!parent.is_empty() && !is_id(parent, 8), "parent-id-invalid", "has a parent id that is not 8 bytes, or zero"),
        (!parent.is_empty() && *parent == span.span_id, "parent-is-itself", "is its own parent"),
    ]
}

fn broken(span: &OtlpSpan, rules: impl Iterator<Item = (bool, &'static str, &'static str)>) -> Vec<Violation> {
    rules
        .filter(|(is_broken, ..)| *is_broken)
        .map(|(_, rule, problem)| Violation::new(rule, format!("{} {problem}", span_label(span))))
        .collect()
}

fn is_id(bytes: &[u8], length: usize) -> bool {
    bytes.len() == length && bytes.iter().any(|byte| *byte != 0)
}

/// Checks that the sample rate is a number of at least 1. Honeycomb reads anything else as 1
/// (husky).
pub(super) fn check_sample_rate(span: &OtlpSpan, resource: &Map<String, serde_json::Value>) -> Option<Violation> {
    let is_invalid = sample_rate::read(&span.attributes, resource, &span.trace_state) == SampleRate::Invalid;
    let detail = || format!("{} has a sample rate that is not a number of at least 1", span_label(span));
    is_invalid.then(|| Violation::new("sample-rate-invalid", detail()))
}
