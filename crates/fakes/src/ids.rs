//! Trace ids in W3C's and in X-Ray's format, and helpers for other ids.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A trace id of 16 bytes.
///
/// W3C writes it as 32 hexadecimal digits, X-Ray as `1-8-24`: version, time and random part. It
/// parses from either format, displays as W3C's and serialises as W3C's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId([u8; 16]);

/// The error for a text that is a trace id in neither format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a trace id must have 32 hexadecimal digits or the format 1-8-24")]
pub struct InvalidTraceId;

impl TraceId {
    /// Creates an id from its bytes.
    #[must_use]
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Returns the id in X-Ray's format: `1-`, 8 digits, `-`, 24 digits.
    #[must_use]
    pub fn xray(&self) -> String {
        let hex = self.to_string();
        format!("1-{}-{}", &hex[..8], &hex[8..])
    }

    /// Parses X-Ray's format only.
    pub(crate) fn parse_xray(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, time, random) = (parts.next()?, parts.next()?, parts.next()?);
        let is_valid = version == "1" && time.len() == 8 && random.len() == 24 && parts.next().is_none();
        is_valid.then(|| parse_hex(&format!("{time}{random}"))).flatten()
    }
}

fn parse_hex(hex: &str) -> Option<TraceId> {
    let is_valid = hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = is_valid.then(|| u128::from_str_radix(hex, 16).ok()).flatten()?;
    Some(TraceId(number.to_be_bytes()))
}

impl FromStr for TraceId {
    type Err = InvalidTraceId;

    fn from_str(text: &str) -> Result<Self, InvalidTraceId> {
        parse_hex(text).or_else(|| Self::parse_xray(text)).ok_or(InvalidTraceId)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl Serialize for TraceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Returns whether the text is an id of a segment or an exception: 16 hexadecimal digits.
pub(crate) fn is_span_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Formats bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_parse_to_the_same_id() {
        let plain: TraceId = "5759e988bd862e3fe1be46a994272793".parse().unwrap();
        let xray: TraceId = "1-5759e988-bd862e3fe1be46a994272793".parse().unwrap();
        assert_eq!(plain, xray);
        assert_eq!(plain.xray(), "1-5759e988-bd862e3fe1be46a994272793");
        assert_eq!(plain.to_string(), "5759e988bd862e3fe1be46a994272793");
    }

    #[test]
    fn other_texts_are_invalid() {
        for text in
            ["", "1-5759e988", "5759e988", "2-5759e988-bd862e3fe1be46a994272793", "+759e988bd862e3fe1be46a994272793"]
        {
            assert_eq!(text.parse::<TraceId>(), Err(InvalidTraceId), "{text}");
        }
    }
}
