//! Checks the blocks of a document: `http`, `aws`, `sql` and `service`.

use serde_json::Value;

use super::findings::Findings;

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
    // AWS's SDKs also send the runtime, which AWS does not document.
    ("/service", &["version", "compiler", "compiler_version", "runtime", "runtime_version"]),
];

pub(super) fn check(document: &Value, findings: &mut Findings) {
    check_http(document, findings);
    for (path, fields) in BLOCKS {
        check_block(document, path, fields, findings);
    }
}

fn check_block(document: &Value, path: &str, fields: &[&str], findings: &mut Findings) {
    match document.pointer(path) {
        None | Some(Value::Null) => (),
        Some(Value::Object(block)) => {
            for name in block.keys().filter(|name| !fields.contains(&name.as_str())) {
                let detail = format!("document {}: X-Ray does not know the field {path}/{name}", document["id"]);
                findings.violate("block-field-unknown", detail);
            }
        }
        Some(_) => findings.reject("InvalidSegment", format!("{} is not an object", &path[1..])),
    }
}

fn check_http(document: &Value, findings: &mut Findings) {
    let (request, response) = (&document["http"]["request"], &document["http"]["response"]);
    let id = &document["id"];
    for name in ["status", "content_length"] {
        if !response[name].is_null() && !response[name].is_i64() {
            let detail = format!("document {id}: http.response.{name} {} is not an integer", response[name]);
            findings.violate("http-response-not-integer", detail);
        }
    }
    let is_segment = document["trace_id"].is_string() && document["type"].is_null();
    if is_segment && !request["traced"].is_null() || !is_segment && !request["x_forwarded_for"].is_null() {
        let detail = format!(
            "document {id}: http.request.traced is allowed in subsegments only, x_forwarded_for in segments only"
        );
        findings.violate("field-not-allowed", detail);
    }
}
