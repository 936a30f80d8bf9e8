//! Rollbar's rules about an item: what it refuses with 422, and what it takes although it harms the sender.

mod body;
mod data;
mod field;

use std::time::SystemTime;

use serde_json::Value;

use crate::Violation;

/// What was found in an item.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// The message of the 422, naming the first field that is wrong.
    pub(super) refused: Option<String>,
    /// What is taken and not as it should be.
    pub(super) violations: Vec<Violation>,
}

impl Checked {
    /// The first refusal is the one that Rollbar tells.
    fn refuse(&mut self, message: impl Into<String>) {
        self.refused.get_or_insert(message.into());
    }

    fn complain(&mut self, rule: &'static str, detail: impl Into<String>) {
        self.violations.push(Violation::new(rule, detail));
    }
}

/// Checks a whole body.
pub(super) fn check(body: &Value, now: SystemTime) -> Checked {
    let mut checked = Checked::default();
    if body["data"].is_object() {
        data::check(&body["data"], now, &mut checked);
        body::check(&body["data"]["body"], &mut checked);
    } else {
        checked.refuse("data is required and is an object");
    }
    for key in body.as_object().into_iter().flat_map(serde_json::Map::keys) {
        if !matches!(key.as_str(), "data" | "access_token") {
            checked.complain("top-level-unknown", format!("{key:?} stands beside data"));
        }
    }
    checked
}
