//! The findings about a document: why X-Ray does not process it, and the violations that it
//! accepts.

use super::error::SegmentError;
use crate::Violation;

/// What the checks found in a document.
#[derive(Debug, Default)]
pub(in crate::xray) struct Findings {
    /// Why X-Ray does not process the document.
    pub(in crate::xray) error: Option<SegmentError>,
    /// Breaches of rules that X-Ray does not enforce.
    pub(in crate::xray) violations: Vec<Violation>,
}

impl Findings {
    /// Rejects the document. Only the first error is kept.
    pub(super) fn reject(&mut self, code: &'static str, message: impl Into<String>) {
        self.error.get_or_insert(SegmentError { code, message: message.into() });
    }

    pub(super) fn violate(&mut self, rule: &'static str, detail: impl Into<String>) {
        self.violations.push(Violation::new(rule, detail));
    }
}
