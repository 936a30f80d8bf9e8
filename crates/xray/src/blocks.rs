//! The parts of a document that X-Ray understands: `http`, `aws`, annotations; and metadata, which it only keeps.

use super::ANNOTATION_PREFIX;
use super::attributes::{int, text};
use super::json::{MAX_STRING_CHARS, bare, cut_string, key, string};
use super::names::{same_key, write_key};
use crudder_otlp::{Attribute, Span, SpanKind, Value};

/// A metadata string longer than this is cut: X-Ray sets no limit but the document's.
const MAX_METADATA_CHARS: usize = 2_000;

/// X-Ray indexes 50 annotations a trace, API Gateway's and Lambda's among them.
const MAX_ANNOTATIONS: usize = 32;

/// Attributes that are indexed though they were not written as annotations, and their names there.
const ANNOTATED: [(&str, &str); 5] = [
    ("http.route", "route"),
    ("faas.coldstart", "cold_start"),
    ("app.result_length", "result_length"),
    ("handle", "handle"),
    ("result_length", "result_length"),
];

/// Attributes that stand somewhere else in the document, so not in its metadata.
const TOLD_ELSEWHERE: [&str; 27] = [
    "aws.account_id",
    "aws.dynamodb.table_names",
    "aws.region",
    "aws.request_id",
    "aws.table_name",
    "client.address",
    "cloud.account.id",
    "cloud.region",
    "exception.causes",
    "exception.location",
    "exception.message",
    "exception.stacktrace",
    "exception.type",
    "faas.coldstart",
    "http.request.method",
    "http.response.body.size",
    "http.response.status_code",
    "http.route",
    "rpc.method",
    "rpc.service",
    "rpc.system",
    "server.address",
    "url.full",
    "url.path",
    "url.query",
    "url.scheme",
    "user_agent.original",
];

/// Whether a span is a call of AWS's SDK.
pub(super) fn is_aws(span: &Span<'_>) -> bool {
    text(span, "rpc.system") == Some("aws-api")
}

/// What the callee is called on the map, or what the step is called.
pub(super) fn name<'a>(span: &Span<'a>) -> &'a str {
    let service = if is_aws(span) { text(span, "rpc.service") } else { None };
    text(span, "peer.service").or(service).unwrap_or(span.name)
}

/// `aws` and `remote` make a node on the map; a step of our own must not.
pub(super) fn namespace(span: &Span<'_>) -> Option<&'static str> {
    match span.kind {
        _ if is_aws(span) => Some("aws"),
        SpanKind::Client => Some("remote"),
        _ => None,
    }
}

/// The status of the answer that the span gave or got.
pub(super) fn http_status(span: &Span<'_>) -> Option<i64> {
    int(span, "http.response.status_code").filter(|status| (100..=599).contains(status))
}

pub(super) fn write_http(out: &mut Vec<u8>, span: &Span<'_>) {
    let method = text(span, "http.request.method");
    let (status, length) = (http_status(span), int(span, "http.response.body.size"));
    if method.is_none() && status.is_none() {
        return;
    }
    key(out, "http");
    out.push(b'{');
    if let Some(method) = method {
        key(out, "request");
        out.push(b'{');
        string(out, "method", method);
        if let Some(url) = url(span) {
            string(out, "url", &url);
        }
        for (attribute, name) in [("user_agent.original", "user_agent"), ("client.address", "client_ip")] {
            if let Some(value) = text(span, attribute) {
                string(out, name, value);
            }
        }
        out.push(b'}');
    }
    if status.is_some() || length.is_some() {
        key(out, "response");
        out.push(b'{');
        status.into_iter().for_each(|status| bare(out, "status", status));
        length.into_iter().for_each(|length| bare(out, "content_length", length));
        out.push(b'}');
    }
    out.push(b'}');
}

/// The full address, as far as its parts are known.
fn url(span: &Span<'_>) -> Option<String> {
    if let Some(full) = text(span, "url.full") {
        return Some(full.to_owned());
    }
    let path = text(span, "url.path")?;
    let mut url = match (text(span, "url.scheme"), text(span, "server.address")) {
        (Some(scheme), Some(host)) => format!("{scheme}://{host}{path}"),
        _ => path.to_owned(),
    };
    if let Some(query) = text(span, "url.query") {
        url.push('?');
        url.push_str(query);
    }
    Some(url)
}

/// Whose call it was and what it touched. Only calls of AWS's SDK have this block in a subsegment.
pub(super) fn write_aws(out: &mut Vec<u8>, span: &Span<'_>) {
    if !is_aws(span) {
        return;
    }
    key(out, "aws");
    out.push(b'{');
    let members = [
        ("operation", &["rpc.method"][..]),
        ("region", &["cloud.region", "aws.region"]),
        ("request_id", &["aws.request_id"]),
        ("account_id", &["cloud.account.id", "aws.account_id"]),
        ("table_name", &["aws.table_name"]),
    ];
    for (name, attributes) in members {
        if let Some(value) = attributes.iter().find_map(|attribute| text(span, attribute)) {
            string(out, name, value);
        }
    }
    write_tables(out, span);
    out.push(b'}');
}

/// The tables of a DynamoDB call: the convention has an array, a `tracing` field can only be its text.
fn write_tables(out: &mut Vec<u8>, span: &Span<'_>) {
    match span.attribute("aws.dynamodb.table_names") {
        Some(Value::Str(table)) => string(out, "table_name", table),
        Some(Value::Array(tables)) => {
            if let Some(first) = tables.first().and_then(Value::as_str) {
                string(out, "table_name", first);
            }
            key(out, "table_names");
            write_value(out, &Value::Array(tables.clone()), MAX_STRING_CHARS);
        }
        _ => (),
    }
}

pub(super) fn write_annotations(out: &mut Vec<u8>, span: &Span<'_>) {
    let mut indexed = span.attributes.iter().filter_map(as_annotation).collect::<Vec<_>>();
    // The later of two counts, as everywhere; X-Ray would see two equal keys in one object.
    let mut at = 0;
    while at < indexed.len() {
        let name = indexed[at].0;
        if indexed[at + 1..].iter().any(|(other, _)| same_key(name, other)) {
            indexed.remove(at);
        } else {
            at += 1;
        }
    }
    if indexed.is_empty() {
        return;
    }
    key(out, "annotations");
    out.push(b'{');
    for (index, (name, value)) in indexed.iter().take(MAX_ANNOTATIONS).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_key(out, name);
        out.push(b':');
        write_value(out, value, MAX_STRING_CHARS);
    }
    out.push(b'}');
}

/// An annotation is text, a number or a bool.
fn as_annotation<'s, 'a>(attribute: &'s Attribute<'a>) -> Option<(&'a str, &'s Value<'a>)> {
    let chosen = ANNOTATED.iter().find(|(key, _)| *key == attribute.key).map(|(_, name)| *name);
    let name = attribute.key.strip_prefix(ANNOTATION_PREFIX).or(chosen)?;
    (!name.is_empty() && !matches!(attribute.value, Value::Array(_))).then_some((name, &attribute.value))
}

/// Everything else, under the service's name; at most `room` bytes, then a note of how many are missing.
pub(super) fn write_metadata(out: &mut Vec<u8>, span: &Span<'_>, service: &str, room: usize) {
    let start = out.len();
    let end = start.saturating_add(room);
    key(out, "metadata");
    out.push(b'{');
    key(out, service);
    out.push(b'{');
    let empty = out.len();
    let mut missing = 0;
    for (index, attribute) in span.attributes.iter().enumerate() {
        let name = attribute.key.strip_prefix("metadata.").unwrap_or(attribute.key);
        let repeated = || span.attributes[index + 1..].iter().any(|later| later.key == attribute.key);
        if is_told(attribute) || repeated() {
            continue;
        }
        let before = out.len();
        if before > empty {
            out.push(b',');
        }
        cut_string(out, name, MAX_STRING_CHARS);
        out.push(b':');
        write_value(out, &attribute.value, MAX_METADATA_CHARS);
        if out.len() + NOTE_BYTES > end {
            out.truncate(before);
            missing += 1;
        }
    }
    if missing > 0 {
        bare(out, "attributes_cut", missing);
    }
    if out.len() == empty {
        return out.truncate(start);
    }
    out.extend_from_slice(b"}}");
}

/// What the note of missing attributes and the closing braces take.
pub(super) const NOTE_BYTES: usize = 48;

fn is_told(attribute: &Attribute<'_>) -> bool {
    TOLD_ELSEWHERE.binary_search(&attribute.key).is_ok() || attribute.key.starts_with(ANNOTATION_PREFIX)
}

fn write_value(out: &mut Vec<u8>, value: &Value<'_>, chars: usize) {
    use std::io::Write;
    let written = match value {
        Value::Str(text) => return cut_string(out, text, chars),
        Value::Bool(truth) => write!(out, "{truth}"),
        Value::Int(number) => write!(out, "{number}"),
        Value::Float(number) if number.is_finite() => write!(out, "{number:?}"),
        Value::Float(number) => write!(out, "\"{number}\""),
        Value::Array(values) => {
            out.push(b'[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_value(out, value, chars);
            }
            out.push(b']');
            Ok(())
        }
    };
    written.expect("writing into a Vec does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_what_is_told_elsewhere_is_sorted_as_its_search_needs() {
        assert!(TOLD_ELSEWHERE.is_sorted());
    }
}
