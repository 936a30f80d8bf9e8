//! Checks the fields of a segment or subsegment: unknown names, flags, namespace and lists of ids.

use serde_json::Value;

use super::findings::Findings;
use super::strings::check_strings;
use super::{annotations, blocks};
use crate::ids::is_span_id;

/// The fields of a document ("Segment documents", and `awsxray.go` of
/// opentelemetry-collector-contrib for undocumented ones).
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

/// The most links of a segment (X-Ray Developer Guide, span links).
const MAX_LINKS: usize = 20;

pub(super) fn check(document: &Value, findings: &mut Findings) {
    let id = &document["id"];
    for name in document.as_object().into_iter().flat_map(serde_json::Map::keys) {
        if !KNOWN.contains(&name.as_str()) {
            findings.violate("field-unknown", format!("document {id}: X-Ray does not know the field {name}"));
        }
    }
    for name in ["error", "throttle", "fault"] {
        if !document[name].is_null() && !document[name].is_boolean() {
            findings.reject("InvalidSegment", format!("{name} is not a bool"));
        }
    }
    if document["throttle"] == true && document["error"] != true {
        findings.violate("throttle-without-error", format!("document {id}: throttle is set, error must be set too"));
    }
    if !matches!(document["namespace"].as_str(), None | Some("aws" | "remote")) {
        let namespace = &document["namespace"];
        findings.violate("namespace-invalid", format!("document {id}: namespace {namespace} must be aws or remote"));
    }
    annotations::check(&document["annotations"], findings);
    annotations::check_metadata(&document["metadata"], findings);
    blocks::check(document, findings);
    for name in ["http", "aws", "sql", "service", "user", "origin", "resource_arn"] {
        check_strings(name, &document[name], findings);
    }
    check_lists(document, findings);
}

fn check_lists(document: &Value, findings: &mut Findings) {
    let id = &document["id"];
    let links = document["links"].as_array().map_or(0, Vec::len);
    if links > MAX_LINKS {
        findings.violate("too-many-links", format!("document {id} has {links} links, X-Ray accepts {MAX_LINKS}"));
    }
    let is_list_of_ids =
        |value: &Value| value.as_array().is_some_and(|ids| ids.iter().all(|id| id.as_str().is_some_and(is_span_id)));
    let precursors = &document["precursor_ids"];
    if !precursors.is_null() && !is_list_of_ids(precursors) {
        let detail = format!("document {id}: precursor_ids {precursors} is not a list of ids of 16 hexadecimal digits");
        findings.violate("precursor-id-invalid", detail);
    }
}
