//! A datagram: a header line, a newline, one document.

use serde_json::Value;

use super::Refusal;

/// What fits into one UDP datagram over IPv4.
const DATAGRAM_BYTES: usize = 65_507;

/// The document of a datagram: all that follows the first newline.
pub(in crate::xray) fn split(datagram: &[u8]) -> Result<&str, Refusal> {
    if datagram.len() > DATAGRAM_BYTES {
        return Err(Refusal::header("the datagram is too long"));
    }
    let text = std::str::from_utf8(datagram).map_err(|_| Refusal::header("the datagram is no UTF-8"))?;
    let (header, document) = text.split_once('\n').ok_or_else(|| Refusal::header("no newline after the header"))?;
    let header: Value = serde_json::from_str(header).map_err(|_| Refusal::header("the header is no JSON"))?;
    let is_json = header["format"].as_str().is_some_and(|format| format.eq_ignore_ascii_case("json"));
    if !is_json || header["version"] != 1 {
        return Err(Refusal::header("the header is not format json, version 1"));
    }
    Ok(document)
}
