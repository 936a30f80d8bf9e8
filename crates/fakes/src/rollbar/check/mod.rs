//! Rollbar's rules about an item (docs.rollbar.com, "Create item").

mod body;
mod data;
mod field;
mod findings;

use std::time::SystemTime;

use findings::Findings;
use serde_json::Value;

/// Checks the whole body of a call.
pub(super) fn check(body: &Value, now: SystemTime) -> Findings {
    let mut findings = Findings::default();
    if body["data"].is_object() {
        data::check(&body["data"], now, &mut findings);
        body::check(&body["data"]["body"], &mut findings);
    } else {
        findings.reject("data is required and must be an object");
    }
    for key in body.as_object().into_iter().flat_map(serde_json::Map::keys) {
        if !matches!(key.as_str(), "data" | "access_token") {
            findings.violate("top-level-field-unknown", format!("{key} is unknown to Rollbar; move it to data.custom"));
        }
    }
    findings
}
