//! A violation: something the vendor's documents forbid or warn of, found in what was sent.

use serde::Serialize;

/// One breach of a documented rule. The vendor may well have answered 200 all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The rule's short name, such as `span-id-length`.
    pub rule: &'static str,
    /// What broke it, and where; cut to a readable length, never a key.
    pub detail: String,
}

/// A detail is for reading: longer ones are cut, so that a hostile body can't fill the memory by its violations.
const DETAIL_CHARACTERS: usize = 300;

impl Violation {
    /// A violation under `rule`.
    pub(crate) fn new(rule: &'static str, detail: impl Into<String>) -> Self {
        Self { rule, detail: cut(detail.into()) }
    }

    /// Whether it is of a secret that was blotted out.
    pub(crate) fn is_of_a_secret(&self) -> bool {
        self.rule.ends_with("-in-clear") || self.rule == "secret-unscrubbed"
    }
}

/// The text, or its beginning.
pub(crate) fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(DETAIL_CHARACTERS) {
        text.truncate(end);
        text.push('…');
    }
    text
}
