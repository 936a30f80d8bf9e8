//! The current documents of one trace. A document replaces an earlier one with the same id.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::document::Document;
use super::tree::{self, Segment};
use crate::Violation;

/// The current documents of a trace, and for each id in them the document that contains it.
#[derive(Debug, Default)]
pub(super) struct TraceDocuments {
    pub(super) current: Vec<Arc<Document>>,
    by_id: HashMap<String, Arc<Document>>,
}

/// What happened when a document was added.
#[derive(Debug, Default)]
pub(super) struct Added {
    /// Whether it replaced a document in progress.
    pub(super) overwrote_in_progress: bool,
    /// Whether it replaced a finished document whose delivery was answered.
    pub(super) is_unexpected_duplicate: bool,
    pub(super) violations: Vec<Violation>,
}

impl TraceDocuments {
    pub(super) fn add(&mut self, document: &Arc<Document>) -> Added {
        let mut added = Added::default();
        if let Some(earlier) = self.current.iter_mut().find(|earlier| earlier.id == document.id) {
            let (is_expected, violation) = check_replacement(earlier, document);
            added.violations.extend(violation);
            added.overwrote_in_progress = earlier.is_in_progress;
            added.is_unexpected_duplicate = !is_expected;
            *earlier = Arc::clone(document);
        } else {
            self.current.push(Arc::clone(document));
        }
        added.violations.extend(self.index(document));
        added
    }

    pub(super) fn remove(&mut self, evicted: &Arc<Document>) {
        self.current.retain(|document| !Arc::ptr_eq(document, evicted));
        self.by_id.retain(|_, document| !Arc::ptr_eq(document, evicted));
    }

    /// Indexes each id of a document, and returns a violation for an id that is not unique in its
    /// trace.
    ///
    /// An id may return, alone or nested, if its earlier document was in progress or never
    /// answered.
    fn index(&mut self, document: &Arc<Document>) -> Vec<Violation> {
        let mut violations = Vec::new();
        let mut ids = HashSet::new();
        for segment in tree::build(std::iter::once(document.as_ref())).iter().flat_map(Segment::walk) {
            let earlier = self.by_id.insert(segment.id.clone(), Arc::clone(document));
            let is_elsewhere = earlier.is_some_and(|earlier| {
                earlier.id != document.id && !earlier.is_in_progress && earlier.delivery.was_answered()
            });
            if is_elsewhere || !ids.insert(segment.id.clone()) {
                let detail = format!("segment {} {:?}: id is not unique in its trace", segment.id, segment.name);
                violations.push(Violation::new("id-duplicate", detail));
            }
        }
        violations
    }
}

/// Returns whether a document may replace an earlier one with the same id, and the violation if
/// not.
///
/// A document in progress may be sent once, before the finished one ("Segment documents").
fn check_replacement(earlier: &Document, later: &Document) -> (bool, Option<Violation>) {
    let violation = |rule, problem: &str| {
        Some(Violation::new(rule, format!("document {} of trace {} {problem}", later.id, later.trace_id)))
    };
    match (earlier.is_in_progress, later.is_in_progress) {
        (true, false) => (true, None),
        (true, true) => (true, violation("in-progress-duplicate", "was sent in progress twice; send it once")),
        (false, _) if !earlier.delivery.was_answered() => (true, None),
        (false, true) => (false, violation("in-progress-after-end", "was sent in progress after it was finished")),
        (false, false) => (false, violation("document-duplicate", "was sent again after X-Ray accepted it")),
    }
}
