//! Splits a datagram: a header line, a newline and one document ("Sending trace data").

use serde_json::Value;

use super::error::SegmentError;

/// The largest payload of a UDP datagram over IPv4.
const MAX_DATAGRAM_BYTES: usize = 65_507;

/// Returns the document of a datagram: everything after the first newline (aws-xray-daemon,
/// `daemon.go`).
pub(in crate::xray) fn split_datagram(datagram: &[u8]) -> Result<&str, SegmentError> {
    let invalid = SegmentError::invalid_header;
    if datagram.len() > MAX_DATAGRAM_BYTES {
        return Err(invalid("the datagram is too long"));
    }
    let text = std::str::from_utf8(datagram).map_err(|_| invalid("the datagram is not UTF-8"))?;
    let (header, document) = text.split_once('\n').ok_or_else(|| invalid("no newline after the header"))?;
    let header: Value = serde_json::from_str(header).map_err(|_| invalid("the header is not JSON"))?;
    let is_json = header["format"].as_str().is_some_and(|format| format.eq_ignore_ascii_case("json"));
    if !is_json || header["version"] != 1 {
        return Err(invalid("the header is not format json, version 1"));
    }
    Ok(document)
}
