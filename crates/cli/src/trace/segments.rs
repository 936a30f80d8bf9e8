//! Converts X-Ray's segment documents to spans, from BatchGetTraces or from the console's JSON.

use serde_json::{Map, Value};

use super::model::{Span, Status};

/// No real document of at most 64 kB nests deeper.
const MAX_DEPTH: usize = 200;

/// Returns the spans of a document, including its subsegments.
pub(super) fn spans(document: &Value) -> Vec<Span> {
    let mut found = Vec::new();
    walk(document, document["parent_id"].as_str(), MAX_DEPTH, &mut found);
    found
}

fn walk(node: &Value, parent: Option<&str>, depth: usize, found: &mut Vec<Span>) {
    let Some(id) = node["id"].as_str() else { return };
    let fields = node.get("fields").unwrap_or(node);
    let seconds = |name: &str| node[name].as_f64().map(nanoseconds);
    found.push(Span {
        id: id.to_owned(),
        parent: parent.map(str::to_owned),
        depth: 0,
        name: node["name"].as_str().unwrap_or_default().to_owned(),
        start_ns: seconds("start_time").unwrap_or_default(),
        end_ns: seconds("end_time"),
        status: status(node),
        culprit: fields["annotations"]["culprit"] == true,
        details: details(fields),
    });
    // X-Ray's documents have `subsegments`, the console's tree has `children`.
    let nested = ["subsegments", "children"].into_iter().filter_map(|name| node[name].as_array()).flatten();
    for child in nested.filter(|_| depth > 0) {
        walk(child, Some(id), depth - 1, found);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and no time is before 1970"
)]
fn nanoseconds(seconds: f64) -> u64 {
    // X-Ray's times have microseconds; as a double, a time since 1970 is accurate to a quarter of
    // one.
    (seconds * 1e6).round() as u64 * 1_000
}

fn status(node: &Value) -> Status {
    let has = |name: &str| node[name] == true;
    if has("in_progress") {
        Status::InProgress
    } else if has("fault") {
        Status::Fault
    } else if has("throttle") {
        Status::Throttle
    } else if has("error") {
        Status::Error
    } else {
        Status::Ok
    }
}

/// Returns the response status, the AWS call, the annotations and the exceptions.
fn details(fields: &Value) -> Vec<(String, String)> {
    let mut details = Vec::new();
    let mut add = |name: &str, value: &Value| {
        if let Some(text) = plain(value) {
            details.push((name.to_owned(), text));
        }
    };
    add("status", &fields["http"]["response"]["status"]);
    add("operation", &fields["aws"]["operation"]);
    add("table", &fields["aws"]["table_name"]);
    add("request_id", &fields["aws"]["request_id"]);
    for (name, value) in fields["annotations"].as_object().unwrap_or(&Map::new()) {
        if name != "culprit" {
            add(name, value);
        }
    }
    for exception in fields["cause"]["exceptions"].as_array().into_iter().flatten() {
        add("exception", &exception["type"]);
        add("message", &exception["message"]);
    }
    details
}

/// Returns a value as text without quotes; `None` for null.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_and_its_subsegments_become_spans() {
        let found = spans(&json!({
            "id": "a", "parent_id": "p", "name": "GET /x", "start_time": 1.5, "end_time": 2.0, "fault": true,
            "http": { "response": { "status": 502 } }, "annotations": { "death": "exit" },
            "subsegments": [{ "id": "b", "name": "fault", "start_time": 1.75, "in_progress": true, "annotations": { "culprit": true },
                "cause": { "exceptions": [{ "id": "1", "message": "exited" }] } }],
        }));
        let [outer, inner] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (outer.parent.as_deref(), outer.start_ns, outer.end_ns),
            (Some("p"), 1_500_000_000, Some(2_000_000_000))
        );
        assert_eq!((outer.status, inner.status), (Status::Fault, Status::InProgress));
        assert_eq!((inner.parent.as_deref(), inner.culprit, outer.culprit), (Some("a"), true, false));
        assert_eq!(outer.details, [("status".into(), "502".into()), ("death".into(), "exit".into())]);
        assert_eq!(inner.details, [("message".into(), "exited".into())]);
    }

    #[test]
    fn other_json_has_no_spans() {
        assert!(spans(&json!([1, 2])).is_empty());
        assert!(spans(&json!({ "name": "x" })).is_empty());
    }
}
