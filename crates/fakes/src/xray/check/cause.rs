//! Rules about `cause`: an exception's id, or exceptions with their stacks.

use std::collections::HashSet;

use serde_json::Value;

use super::{Checked, parts};
use crate::ids::is_span_id;

pub(super) fn check(document: &Value, checked: &mut Checked) {
    match &document["cause"] {
        Value::Null => (),
        Value::String(id) if is_span_id(id) => (),
        Value::Object(_) => {
            parts::texts("cause", &document["cause"], checked);
            exceptions(&document["cause"]["exceptions"], checked);
        }
        other => checked.refuse("InvalidSegment", format!("cause is neither an exception's id nor an object: {other}")),
    }
    let bears = |name: &str| document[name] == true;
    if !document["cause"].is_null() && !bears("fault") && !bears("error") {
        checked
            .complain("cause-without-fault", format!("{} has a cause and is neither fault nor error", document["id"]));
    }
}

fn exceptions(exceptions: &Value, checked: &mut Checked) {
    let Some(list) = exceptions.as_array() else {
        if !exceptions.is_null() {
            checked.refuse("InvalidSegment", "cause.exceptions is not a list");
        }
        return;
    };
    let ids: HashSet<_> = list.iter().filter_map(|exception| exception["id"].as_str()).collect();
    for exception in list {
        match exception["id"].as_str() {
            Some(id) if is_span_id(id) => (),
            _ => checked.complain("exception-id", format!("an exception's id is {}", exception["id"])),
        }
        if exception["cause"].as_str().is_some_and(|cause| !ids.contains(cause)) {
            checked.complain("exception-cause", format!("{} is no exception of this cause", exception["cause"]));
        }
        for frame in exception["stack"].as_array().into_iter().flatten() {
            if !frame["path"].is_string() && !frame["label"].is_string() {
                checked.complain("stack-frame", "a frame has neither path nor label");
            }
        }
    }
}
