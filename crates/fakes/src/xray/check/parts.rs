//! Rules about a document's blocks: flags, annotations, metadata, http, aws, sql, and texts in general.

use serde_json::Value;

use super::Checked;
use crate::ids::is_span_id;

/// Every text but a name.
pub(super) const TEXT: usize = 250;

/// X-Ray indexes so many annotations a trace.
const ANNOTATIONS: usize = 50;

/// The fields that a document may have.
const KNOWN: [&str; 26] = [
    "name",
    "id",
    "trace_id",
    "start_time",
    "end_time",
    "in_progress",
    "parent_id",
    "type",
    "namespace",
    "http",
    "aws",
    "error",
    "throttle",
    "fault",
    "cause",
    "annotations",
    "metadata",
    "subsegments",
    "precursor_ids",
    "sql",
    "service",
    "user",
    "origin",
    "resource_arn",
    "links",
    "inferred",
];

/// A segment has at most so many links.
const LINKS: usize = 20;

/// The fields of each block, those of segments and of subsegments together.
const BLOCKS: [(&str, &[&str]); 6] = [
    ("/http", &["request", "response"]),
    ("/http/request", &["method", "url", "user_agent", "client_ip", "x_forwarded_for", "traced"]),
    ("/http/response", &["status", "content_length"]),
    (
        "/aws",
        &[
            "account_id",
            "cloudwatch_logs",
            "ec2",
            "ecs",
            "eks",
            "elastic_beanstalk",
            "xray",
            "operation",
            "region",
            "request_id",
            "queue_url",
            "table_name",
            "table_names",
            "retries",
            "resource_names",
        ],
    ),
    (
        "/sql",
        &[
            "connection_string",
            "url",
            "sanitized_query",
            "database_type",
            "database_version",
            "driver_version",
            "user",
            "preparation",
        ],
    ),
    // AWS's own SDKs send the runtime too, which no page names.
    ("/service", &["version", "compiler", "compiler_version", "runtime", "runtime_version"]),
];

pub(super) fn check(document: &Value, checked: &mut Checked) {
    for name in document.as_object().into_iter().flat_map(serde_json::Map::keys) {
        if !KNOWN.contains(&name.as_str()) {
            checked.complain("field-unknown", format!("{name:?}"));
        }
    }
    for name in ["error", "throttle", "fault"] {
        if !document[name].is_null() && !document[name].is_boolean() {
            checked.refuse("InvalidSegment", format!("{name} is not a bool"));
        }
    }
    if document["throttle"] == true && document["error"] != true {
        checked.complain("throttle-without-error", "a 429 sets error and throttle");
    }
    if !matches!(document["namespace"].as_str(), None | Some("aws" | "remote")) {
        checked.complain("namespace", format!("namespace is {}", document["namespace"]));
    }
    annotations(&document["annotations"], checked);
    metadata(&document["metadata"], checked);
    http(document, checked);
    for (path, fields) in BLOCKS {
        block(document, path, fields, checked);
    }
    for name in ["http", "aws", "sql", "service", "user", "origin", "resource_arn"] {
        texts(name, &document[name], checked);
    }
    lists(document, checked);
}

fn block(document: &Value, path: &str, fields: &[&str], checked: &mut Checked) {
    match document.pointer(path) {
        None | Some(Value::Null) => (),
        Some(Value::Object(block)) => {
            for name in block.keys().filter(|name| !fields.contains(&name.as_str())) {
                checked.complain("block-unknown", format!("{path}/{name}"));
            }
        }
        Some(_) => checked.refuse("InvalidSegment", format!("{} is not an object", &path[1..])),
    }
}

fn lists(document: &Value, checked: &mut Checked) {
    if document["links"].as_array().is_some_and(|links| links.len() > LINKS) {
        checked.complain("links-many", format!("more than {LINKS} links"));
    }
    let is_list_of_ids =
        |value: &Value| value.as_array().is_some_and(|ids| ids.iter().all(|id| id.as_str().is_some_and(is_span_id)));
    if !document["precursor_ids"].is_null() && !is_list_of_ids(&document["precursor_ids"]) {
        checked.complain("precursor-ids", format!("{}", document["precursor_ids"]));
    }
}

fn annotations(annotations: &Value, checked: &mut Checked) {
    let Some(fields) = annotations.as_object() else {
        if !annotations.is_null() {
            checked.refuse("InvalidSegment", "annotations is not an object");
        }
        return;
    };
    if fields.len() > ANNOTATIONS {
        checked.complain("annotations-many", format!("{} annotations, {ANNOTATIONS} are indexed", fields.len()));
    }
    for (key, value) in fields {
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            checked.complain("annotation-key", format!("{key:?} is not made of letters, digits and underscores"));
        }
        match value {
            Value::Bool(_) | Value::Number(_) => (),
            Value::String(text) if text.chars().count() <= TEXT => (),
            Value::String(_) => checked.complain("text-long", format!("annotation {key} has over {TEXT} characters")),
            _ => checked.complain("annotation-type", format!("annotation {key} is no text, number or bool")),
        }
    }
}

fn metadata(metadata: &Value, checked: &mut Checked) {
    let Some(namespaces) = metadata.as_object() else {
        if !metadata.is_null() {
            checked.refuse("InvalidSegment", "metadata is not an object");
        }
        return;
    };
    for (name, space) in namespaces {
        if name.starts_with("AWS.") {
            checked.complain("metadata-reserved", format!("{name:?} begins with AWS."));
        }
        if !space.is_object() {
            checked.complain("metadata-namespace", format!("{name:?} is not an object"));
        }
    }
}

fn http(document: &Value, checked: &mut Checked) {
    let (request, response) = (&document["http"]["request"], &document["http"]["response"]);
    for name in ["status", "content_length"] {
        if !response[name].is_null() && !response[name].is_i64() {
            checked.complain("http-response", format!("http.response.{name} is {}", response[name]));
        }
    }
    let is_segment = document["trace_id"].is_string() && document["type"].is_null();
    if is_segment && !request["traced"].is_null() || !is_segment && !request["x_forwarded_for"].is_null() {
        checked.complain("field-of-the-other-kind", "traced is a subsegment's, x_forwarded_for a segment's");
    }
}

/// Every text below a block.
pub(super) fn texts(path: &str, value: &Value, checked: &mut Checked) {
    match value {
        Value::String(text) if text.chars().count() > TEXT => {
            checked.complain("text-long", format!("{path} has over {TEXT} characters"));
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                texts(&format!("{path}.{name}"), value, checked);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| texts(path, value, checked)),
        _ => (),
    }
}
