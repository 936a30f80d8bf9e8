//! X-Ray's rules about datagrams and segment documents ("Segment documents", "Sending trace data").

mod annotations;
mod blocks;
mod cause;
mod datagram;
mod error;
mod fields;
mod findings;
mod segment;
mod strings;

use std::time::SystemTime;

pub(super) use datagram::split_datagram;
pub(super) use error::SegmentError;
use findings::Findings;
use serde_json::Value;

/// The largest document, and with its header the largest datagram: 64 kB.
const MAX_DOCUMENT_BYTES: usize = 64 * 1024;

/// The deepest nesting of subsegments. It bounds the recursion.
const MAX_DEPTH: usize = 200;

/// Checks a document whose text has so many bytes.
pub(super) fn check(document: &Value, bytes: usize, now: SystemTime) -> Findings {
    let mut findings = Findings::default();
    if bytes > MAX_DOCUMENT_BYTES {
        findings.reject("InvalidSegment", format!("Trace Size Exceeded: {bytes} bytes"));
    }
    if document.is_object() {
        segment::check_document(document, now, &mut findings);
        segment::check_nested(document, MAX_DEPTH, &mut findings);
    } else {
        findings.reject("InvalidSegment", "a document must be an object");
    }
    findings
}
