//! X-Ray's rules about a document: what makes it refuse one, and what it takes although it is not as the documents have it.

mod cause;
pub(super) mod header;
mod parts;
mod refusal;
mod segment;

use std::time::SystemTime;

use serde_json::Value;

use crate::Violation;
pub(super) use refusal::Refusal;

/// One document, and with the header one datagram: 64 kB.
const DOCUMENT_BYTES: usize = 64 * 1024;

/// Documents nest no deeper for us.
const DEPTH: usize = 200;

/// What was found in a document.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// Why X-Ray does not process it.
    pub(super) refused: Option<Refusal>,
    /// What it takes and should not have been sent.
    pub(super) violations: Vec<Violation>,
}

impl Checked {
    fn refuse(&mut self, code: &'static str, message: impl Into<String>) {
        self.refused.get_or_insert(Refusal { code, message: message.into() });
    }

    fn complain(&mut self, rule: &'static str, detail: impl Into<String>) {
        self.violations.push(Violation::new(rule, detail));
    }
}

/// Checks a document of so many bytes.
pub(super) fn check(document: &Value, bytes: usize, now: SystemTime) -> Checked {
    let mut checked = Checked::default();
    if bytes > DOCUMENT_BYTES {
        checked.refuse("InvalidSegment", format!("Trace Size Exceeded: {bytes} bytes"));
    }
    if document.is_object() {
        segment::top(document, now, &mut checked);
        segment::nested(document, DEPTH, &mut checked);
    } else {
        checked.refuse("InvalidSegment", "a document is an object");
    }
    checked
}
