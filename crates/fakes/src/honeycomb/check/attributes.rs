//! Checks attributes: their names, number and sizes.

use std::collections::HashSet;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span as OtlpSpan;
use prost::Message;
use serde_json::Map;

use super::describe::span_label;
use crate::Violation;

/// The longest string field. Honeycomb cuts longer ones silently (husky).
const MAX_FIELD_BYTES: usize = 65_535;

/// The most fields of an event (docs.honeycomb.io, "API: events").
const MAX_FIELDS: usize = 2_000;

/// Honeycomb rejects an event of more than 1 MB as JSON (docs.honeycomb.io, "API: events"). This
/// check measures protobuf, which is shorter, so that it misses some events just above the limit.
const MAX_EVENT_BYTES: usize = 1_000_000;

/// As many hexadecimal digits in a row in an attribute's name are an id. Each id would become a new
/// column.
const MIN_ID_DIGITS: usize = 16;

/// Checks one list of attributes. `owner` names the span, event, link or resource that has them.
pub(super) fn check(owner: impl Fn() -> String, attributes: &[KeyValue]) -> Vec<Violation> {
    let mut keys = HashSet::new();
    let mut violations = Vec::new();
    for pair in attributes {
        let mut violate = |rule, problem: &str| {
            violations.push(Violation::new(rule, format!("{}: attribute `{}` {problem}", owner(), pair.key)));
        };
        if pair.key.is_empty() {
            violate("attribute-key-empty", "has an empty key");
        }
        if !keys.insert(&pair.key) {
            violate("attribute-key-duplicate", "exists more than once; Honeycomb keeps the last");
        }
        if contains_id(&pair.key) {
            violate("attribute-key-contains-id", "has an id in its key; move the id to the value");
        }
        match pair.value.as_ref().and_then(|value| value.value.as_ref()) {
            None => violate("attribute-value-missing", "has no value"),
            Some(Value::StringValue(text)) if text.len() > MAX_FIELD_BYTES => {
                let problem = format!("has {} bytes, Honeycomb cuts it at {MAX_FIELD_BYTES}", text.len());
                violate("field-too-long", &problem);
            }
            Some(Value::ArrayValue(_) | Value::KvlistValue(_)) if pair.key.starts_with("exception.") => {
                violate("exception-not-string", "is not a string; Honeycomb stores it empty");
            }
            Some(_) => (),
        }
    }
    violations
}

fn contains_id(key: &str) -> bool {
    key.split(|letter: char| !letter.is_ascii_hexdigit()).any(|run| run.len() >= MIN_ID_DIGITS)
}

/// Checks the attributes of a span, its events and its links, and the size of the resulting event.
pub(super) fn check_span(span: &OtlpSpan, resource: &Map<String, serde_json::Value>) -> Vec<Violation> {
    let mut violations = check(|| span_label(span), &span.attributes);
    for event in &span.events {
        violations.extend(check(|| format!("{}: event {:?}", span_label(span), event.name), &event.attributes));
    }
    for link in &span.links {
        violations.extend(check(|| format!("{}: link", span_label(span)), &link.attributes));
    }
    let fields = span.attributes.len() + resource.len();
    if fields > MAX_FIELDS {
        let detail =
            format!("{} has {fields} fields with its resource, Honeycomb accepts {MAX_FIELDS}", span_label(span));
        violations.push(Violation::new("too-many-fields", detail));
    }
    let bytes = span.encoded_len();
    if bytes > MAX_EVENT_BYTES {
        let detail = format!("{} has {bytes} bytes, Honeycomb accepts {MAX_EVENT_BYTES}", span_label(span));
        violations.push(Violation::new("event-too-large", detail));
    }
    violations
}
