//! What X-Ray's fakes keep: documents by arrival and by trace, the later of one id in place of the earlier.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

use super::check::{self, Refusal};
use super::{Document, Segment, tree};
use crate::bounded_log::BoundedLog;
use crate::{CallLog, Delivery, TraceId, Violation, privacy};

/// The documents of a trace as they stand, and for each id in them the document that it stands in.
#[derive(Debug, Default)]
struct Standing {
    documents: Vec<Arc<Document>>,
    places: HashMap<String, Arc<Document>>,
}

/// What was taken so far.
#[derive(Debug)]
pub struct XrayStore {
    call_log: CallLog,
    log: BoundedLog<Arc<Document>>,
    traces: HashMap<TraceId, Standing>,
    taken: u64,
    overwritten: u64,
    unexcused: u64,
}

impl XrayStore {
    pub(super) fn new(bytes: usize) -> Self {
        Self {
            call_log: CallLog::default(),
            log: BoundedLog::new(bytes),
            traces: HashMap::new(),
            taken: 0,
            overwritten: 0,
            unexcused: 0,
        }
    }

    /// Datagrams or calls, rejections (a daemon's have the status 0: it never answers), violations.
    #[must_use]
    pub fn call_log(&self) -> &CallLog {
        &self.call_log
    }

    /// Documents taken, those that overwrote another too.
    #[must_use]
    pub fn document_count(&self) -> u64 {
        self.taken
    }

    /// Documents that took the place of an unfinished one of the same id, as they should.
    #[must_use]
    pub fn overwritten(&self) -> u64 {
        self.overwritten
    }

    /// Documents that came although a finished one of the same id had been taken, and its sender had been answered or could not be.
    #[must_use]
    pub fn unexpected_duplicates(&self) -> u64 {
        self.unexcused
    }

    /// Documents that fell off the log to make room.
    #[must_use]
    pub fn evicted_documents(&self) -> u64 {
        self.log.dropped()
    }

    /// How many bytes what is kept takes, by a generous estimate.
    #[must_use]
    pub fn bytes_kept(&self) -> usize {
        self.log.bytes()
    }

    /// All documents that are kept, oldest first, also those that were overwritten.
    pub fn documents(&self) -> impl DoubleEndedIterator<Item = &Document> {
        self.log.iter().map(AsRef::as_ref)
    }

    /// The documents of a trace as they stand: of one id the last.
    #[must_use]
    pub fn documents_of(&self, trace_id: TraceId) -> Vec<Arc<Document>> {
        self.traces.get(&trace_id).map(|standing| standing.documents.clone()).unwrap_or_default()
    }

    /// The traces that are kept, in no order.
    pub fn trace_ids(&self) -> impl Iterator<Item = TraceId> {
        self.traces.keys().copied()
    }

    /// The trace as one tree: each segment and subsegment under its parent, by start time. What hangs under an id that never came (Lambda's own
    /// segment) is a root.
    #[must_use]
    pub fn tree(&self, trace_id: TraceId) -> Vec<Segment> {
        tree::grow(self.documents_of(trace_id).iter().map(AsRef::as_ref))
    }

    pub(super) fn ledger_mut(&mut self) -> &mut CallLog {
        &mut self.call_log
    }

    /// Takes one document, or says why not.
    pub(super) fn take(&mut self, raw: &str, now: SystemTime, delivery: &Arc<Delivery>) -> Result<(), Refusal> {
        let mut body: Value = serde_json::from_str(raw).map_err(|error| Refusal::unreadable(&error))?;
        let checked = check::check(&body, raw.len(), now);
        self.call_log.complain(checked.violations);
        if let Some(refusal) = checked.refused {
            return Err(refusal);
        }
        let secrets = privacy::cleanse(&mut body, "document");
        let raw = if secrets.is_empty() { raw.to_owned() } else { body.to_string() };
        self.call_log.complain(secrets);
        let document = Document::new(body, raw, now, Arc::clone(delivery));
        self.keep(Arc::new(document.ok_or_else(Refusal::unfit)?));
        Ok(())
    }

    fn keep(&mut self, document: Arc<Document>) {
        self.taken += 1;
        let standing = self.traces.entry(document.trace_id).or_default();
        if let Some(before) = standing.documents.iter_mut().find(|other| other.id == document.id) {
            let (is_excused, violation) = overwriting(before, &document);
            self.call_log.complain(violation);
            self.overwritten += u64::from(before.is_in_progress);
            self.unexcused += u64::from(!is_excused);
            *before = Arc::clone(&document);
        } else {
            standing.documents.push(Arc::clone(&document));
        }
        self.call_log.complain(standing.place(&document));
        let bytes = document.bytes();
        for fallen in self.log.put(document, bytes) {
            self.forget(&fallen);
        }
    }

    fn forget(&mut self, fallen: &Arc<Document>) {
        if let Some(standing) = self.traces.get_mut(&fallen.trace_id) {
            standing.documents.retain(|document| !Arc::ptr_eq(document, fallen));
            standing.places.retain(|_, document| !Arc::ptr_eq(document, fallen));
            if standing.documents.is_empty() {
                self.traces.remove(&fallen.trace_id);
            }
        }
    }
}

impl Standing {
    /// Notes where each id of a document stands, and complains of one that stands in two places: an id is unique in its trace. What was sent in
    /// progress may come again, alone or nested; what was never answered too.
    fn place(&mut self, document: &Arc<Document>) -> Vec<Violation> {
        let mut violations = Vec::new();
        let mut seen = HashSet::new();
        for segment in tree::grow(std::iter::once(document.as_ref())).iter().flat_map(Segment::walk) {
            let before = self.places.insert(segment.id.clone(), Arc::clone(document));
            let elsewhere = before.is_some_and(|before| {
                before.id != document.id && !before.is_in_progress && before.delivery.was_answered()
            });
            if elsewhere || !seen.insert(segment.id.clone()) {
                violations.push(Violation::new("id-twice", format!("{} {:?}", segment.id, segment.name)));
            }
        }
        violations
    }
}

/// Whether a document may come after another of its id, and the violation if not. An unfinished one may be sent once, before the finished one.
fn overwriting(before: &Document, after: &Document) -> (bool, Option<Violation>) {
    let told = format!("{} of trace {}", after.id, after.trace_id);
    match (before.is_in_progress, after.is_in_progress) {
        (true, false) => (true, None),
        (true, true) => (true, Some(Violation::new("in-progress-twice", told))),
        (false, _) if !before.delivery.was_answered() => (true, None),
        (false, true) => (false, Some(Violation::new("in-progress-late", told))),
        (false, false) => (false, Some(Violation::new("document-twice", told))),
    }
}
