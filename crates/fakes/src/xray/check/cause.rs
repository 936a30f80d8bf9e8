//! Checks `cause`: the id of an exception, or exceptions with their stacks.

use std::collections::HashSet;

use serde_json::Value;

use super::findings::Findings;
use super::strings::check_strings;
use crate::ids::is_span_id;

pub(super) fn check(document: &Value, findings: &mut Findings) {
    match &document["cause"] {
        Value::Null => (),
        Value::String(id) if is_span_id(id) => (),
        Value::Object(_) => {
            check_strings("cause", &document["cause"], findings);
            check_exceptions(&document["cause"]["exceptions"], findings);
        }
        other => {
            let message = format!("cause is neither an exception's id nor an object: {other}");
            findings.reject("InvalidSegment", message);
        }
    }
    let flag = |name: &str| document[name] == true;
    if !document["cause"].is_null() && !flag("fault") && !flag("error") {
        let detail = format!("document {} has a cause but neither fault nor error", document["id"]);
        findings.violate("cause-without-fault", detail);
    }
}

fn check_exceptions(exceptions: &Value, findings: &mut Findings) {
    let Some(list) = exceptions.as_array() else {
        if !exceptions.is_null() {
            findings.reject("InvalidSegment", "cause.exceptions is not a list");
        }
        return;
    };
    let ids: HashSet<_> = list.iter().filter_map(|exception| exception["id"].as_str()).collect();
    for exception in list {
        let id = &exception["id"];
        if !id.as_str().is_some_and(is_span_id) {
            let detail = format!("exception id {id} does not have 16 hexadecimal digits");
            findings.violate("exception-id-invalid", detail);
        }
        if exception["cause"].as_str().is_some_and(|cause| !ids.contains(cause)) {
            let detail = format!("exception {id}: its cause {} is not in cause.exceptions", exception["cause"]);
            findings.violate("exception-cause-unknown", detail);
        }
        for frame in exception["stack"].as_array().into_iter().flatten() {
            if !frame["path"].is_string() && !frame["label"].is_string() {
                let detail = format!("exception {id}: a stack frame has neither path nor label");
                findings.violate("stack-frame-empty", detail);
            }
        }
    }
}
