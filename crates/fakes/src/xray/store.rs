//! The store of X-Ray's fakes: documents in the order of arrival and by trace.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

use super::check::{self, SegmentError};
use super::document::Document;
use super::trace_documents::TraceDocuments;
use super::tree::{self, Segment};
use crate::bounded_log::BoundedLog;
use crate::{CallLog, Delivery, TraceId, redaction};

/// What the fake accepted so far.
#[derive(Debug)]
pub struct XrayStore {
    call_log: CallLog,
    documents: BoundedLog<Arc<Document>>,
    traces: HashMap<TraceId, TraceDocuments>,
    document_count: u64,
    overwritten: u64,
    unexpected_duplicates: u64,
}

impl XrayStore {
    pub(super) fn new(capacity_bytes: usize) -> Self {
        Self {
            call_log: CallLog::default(),
            documents: BoundedLog::new(capacity_bytes),
            traces: HashMap::new(),
            document_count: 0,
            overwritten: 0,
            unexpected_duplicates: 0,
        }
    }

    /// Returns the log of datagrams or calls, rejections and violations.
    ///
    /// Rejections of the daemon have the status 0, because it never answers.
    #[must_use]
    pub fn call_log(&self) -> &CallLog {
        &self.call_log
    }

    /// Returns how many documents were accepted, including those that overwrote another.
    #[must_use]
    pub fn document_count(&self) -> u64 {
        self.document_count
    }

    /// Returns how many documents replaced a document in progress with the same id, as X-Ray
    /// intends.
    #[must_use]
    pub fn overwritten(&self) -> u64 {
        self.overwritten
    }

    /// Returns how many documents arrived after a finished document with the same id whose delivery
    /// was answered. A datagram counts as answered.
    #[must_use]
    pub fn unexpected_duplicates(&self) -> u64 {
        self.unexpected_duplicates
    }

    /// Returns how many documents were evicted to keep the store within its capacity.
    #[must_use]
    pub fn evicted_documents(&self) -> u64 {
        self.documents.evicted()
    }

    /// Returns how many bytes the stored documents take, estimated generously.
    #[must_use]
    pub fn bytes_kept(&self) -> usize {
        self.documents.weight()
    }

    /// Returns the stored documents, oldest first, including overwritten ones.
    pub fn documents(&self) -> impl DoubleEndedIterator<Item = &Document> {
        self.documents.iter().map(AsRef::as_ref)
    }

    /// Returns the current documents of a trace: the last of each id.
    #[must_use]
    pub fn documents_of(&self, trace_id: TraceId) -> Vec<Arc<Document>> {
        self.traces.get(&trace_id).map(|trace| trace.current.clone()).unwrap_or_default()
    }

    /// Returns the ids of the stored traces in no particular order.
    pub fn trace_ids(&self) -> impl Iterator<Item = TraceId> {
        self.traces.keys().copied()
    }

    /// Returns a trace as trees of segments and subsegments, sorted by start time.
    ///
    /// A document whose parent never arrived, such as Lambda's own segment, is a root.
    #[must_use]
    pub fn tree(&self, trace_id: TraceId) -> Vec<Segment> {
        tree::build(self.documents_of(trace_id).iter().map(AsRef::as_ref))
    }

    pub(super) fn call_log_mut(&mut self) -> &mut CallLog {
        &mut self.call_log
    }

    /// Checks and stores one document.
    pub(super) fn add_document(
        &mut self,
        raw: &str,
        now: SystemTime,
        delivery: &Arc<Delivery>,
    ) -> Result<(), SegmentError> {
        let mut body: Value = serde_json::from_str(raw).map_err(|error| SegmentError::not_json(&error))?;
        let findings = check::check(&body, raw.len(), now);
        self.call_log.record_violations(findings.violations);
        if let Some(error) = findings.error {
            return Err(error);
        }
        let secrets = redaction::redact(&mut body, "document");
        let raw = if secrets.is_empty() { raw.to_owned() } else { body.to_string() };
        self.call_log.record_violations(secrets);
        let document = Document::new(body, raw, now, Arc::clone(delivery));
        self.keep(Arc::new(document.ok_or_else(SegmentError::missing_field)?));
        Ok(())
    }

    fn keep(&mut self, document: Arc<Document>) {
        self.document_count += 1;
        let added = self.traces.entry(document.trace_id).or_default().add(&document);
        self.overwritten += u64::from(added.overwrote_in_progress);
        self.unexpected_duplicates += u64::from(added.is_unexpected_duplicate);
        self.call_log.record_violations(added.violations);
        let bytes = document.stored_bytes();
        for evicted in self.documents.push(document, bytes) {
            self.remove(&evicted);
        }
    }

    fn remove(&mut self, evicted: &Arc<Document>) {
        if let Some(trace) = self.traces.get_mut(&evicted.trace_id) {
            trace.remove(evicted);
            if trace.current.is_empty() {
                self.traces.remove(&evicted.trace_id);
            }
        }
    }
}
