//! Violations: breaches of a vendor's documented rules.

use serde::Serialize;

/// One breach of a documented rule. The vendor may have answered 200 all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The rule's short name, such as `span-id-length`.
    pub rule: &'static str,
    /// What is wrong and where. It is truncated to a readable length and contains no key.
    pub detail: String,
}

/// The longest detail. The limit bounds the memory that a malformed body can fill with violations.
const MAX_DETAIL_CHARACTERS: usize = 300;

impl Violation {
    pub(crate) fn new(rule: &'static str, detail: impl Into<String>) -> Self {
        Self { rule, detail: truncate(detail.into()) }
    }

    /// Returns whether the violation is a secret that the fake redacted.
    pub(crate) fn is_exposed_secret(&self) -> bool {
        self.rule.ends_with("-exposed")
    }
}

/// Returns the text, shortened to the length of a readable detail.
pub(crate) fn truncate(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_DETAIL_CHARACTERS) {
        text.truncate(end);
        text.push('…');
    }
    text
}
