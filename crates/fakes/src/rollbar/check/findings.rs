//! The findings about an item: why Rollbar rejects it, and the violations that it accepts.

use crate::Violation;

/// What the checks found in an item.
#[derive(Debug, Default)]
pub(in crate::rollbar) struct Findings {
    /// The message of the 422. Like Rollbar's it names the first invalid field.
    pub(in crate::rollbar) rejection: Option<String>,
    /// Breaches of rules that Rollbar does not enforce.
    pub(in crate::rollbar) violations: Vec<Violation>,
}

impl Findings {
    /// Rejects the item. Only the first message is kept.
    pub(super) fn reject(&mut self, message: impl Into<String>) {
        self.rejection.get_or_insert(message.into());
    }

    pub(super) fn violate(&mut self, rule: &'static str, detail: impl Into<String>) {
        self.violations.push(Violation::new(rule, detail));
    }
}
