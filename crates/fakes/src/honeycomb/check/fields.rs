//! Rules about attributes: their names, their number, their sizes.

use std::collections::HashSet;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span as Wired;
use prost::Message;
use serde_json::Map;

use super::told;
use crate::Violation;

/// A longer text is cut without a word (HUSKY).
const FIELD_BYTES: usize = 65_535;

/// An event has at most so many fields.
const FIELDS: usize = 2_000;

/// An event of more than 1 MB as JSON is refused. The wire form is the shorter of the two, so this errs on the mild side.
const EVENT_BYTES: usize = 1_000_000;

/// A run of so many hexadecimal digits in a field's name is an id, and a name made of an id is a new column each time.
const ID_DIGITS: usize = 16;

/// Rules about one list of attributes.
pub(super) fn attributes(place: impl Fn() -> String, attributes: &[KeyValue]) -> Vec<Violation> {
    let mut seen = HashSet::new();
    let mut violations = Vec::new();
    for pair in attributes {
        let mut complain =
            |rule, what: &str| violations.push(Violation::new(rule, format!("{:?} of {} {what}", pair.key, place())));
        if pair.key.is_empty() {
            complain("attribute-key-empty", "has no name");
        }
        if !seen.insert(&pair.key) {
            complain("attribute-key-twice", "stands there twice");
        }
        if is_made_of_id(&pair.key) {
            complain("attribute-key-of-id", "is made of an id");
        }
        match pair.value.as_ref().and_then(|value| value.value.as_ref()) {
            None => complain("attribute-value-missing", "has no value"),
            Some(Value::StringValue(text)) if text.len() > FIELD_BYTES => {
                complain("field-too-long", &format!("has {} bytes", text.len()));
            }
            Some(Value::ArrayValue(_) | Value::KvlistValue(_)) if pair.key.starts_with("exception.") => {
                complain("exception-not-text", "is no text, and arrives empty");
            }
            Some(_) => (),
        }
    }
    violations
}

fn is_made_of_id(key: &str) -> bool {
    key.split(|letter: char| !letter.is_ascii_hexdigit()).any(|run| run.len() >= ID_DIGITS)
}

/// Rules about all that becomes one event.
pub(super) fn sizes(span: &Wired, resource: &Map<String, serde_json::Value>) -> Vec<Violation> {
    let mut violations = attributes(|| told(span), &span.attributes);
    for event in &span.events {
        violations.extend(attributes(|| format!("event {:?} of {}", event.name, told(span)), &event.attributes));
    }
    for link in &span.links {
        violations.extend(attributes(|| format!("a link of {}", told(span)), &link.attributes));
    }
    let fields = span.attributes.len() + resource.len();
    if fields > FIELDS {
        violations.push(Violation::new("fields-too-many", format!("{} has {fields}", told(span))));
    }
    if span.encoded_len() > EVENT_BYTES {
        violations.push(Violation::new("event-too-large", format!("{} has {} bytes", told(span), span.encoded_len())));
    }
    violations
}
