//! Trace ids in both of their written forms.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A trace id: 16 bytes that W3C writes as 32 hexadecimal digits and X-Ray as `1-8-24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId([u8; 16]);

/// The text is a trace id in neither form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a trace id has 32 hexadecimal digits, or the form 1-8-24")]
pub struct NoTraceId;

impl TraceId {
    /// The id with these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// X-Ray's form: `1-8hex-24hex`.
    #[must_use]
    pub fn xray(&self) -> String {
        let hex = self.to_string();
        format!("1-{}-{}", &hex[..8], &hex[8..])
    }

    /// Reads X-Ray's form only.
    pub(crate) fn parse_xray(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, time, random) = (parts.next()?, parts.next()?, parts.next()?);
        let fits = version == "1" && time.len() == 8 && random.len() == 24 && parts.next().is_none();
        fits.then(|| digits(&format!("{time}{random}"))).flatten()
    }
}

fn digits(hex: &str) -> Option<TraceId> {
    let fits = hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = fits.then(|| u128::from_str_radix(hex, 16).ok()).flatten()?;
    Some(TraceId(number.to_be_bytes()))
}

impl FromStr for TraceId {
    type Err = NoTraceId;

    fn from_str(text: &str) -> Result<Self, NoTraceId> {
        digits(text).or_else(|| Self::parse_xray(text)).ok_or(NoTraceId)
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

/// Whether the text is a span id as X-Ray writes it: 16 hexadecimal digits.
pub(crate) fn is_span_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Bytes as lower-case hexadecimal digits.
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
    fn both_forms_name_the_same_trace() {
        let plain: TraceId = "5759e988bd862e3fe1be46a994272793".parse().unwrap();
        let xray: TraceId = "1-5759e988-bd862e3fe1be46a994272793".parse().unwrap();
        assert_eq!(plain, xray);
        assert_eq!(plain.xray(), "1-5759e988-bd862e3fe1be46a994272793");
        assert_eq!(plain.to_string(), "5759e988bd862e3fe1be46a994272793");
    }

    #[test]
    fn other_texts_are_no_trace_id() {
        for text in
            ["", "1-5759e988", "5759e988", "2-5759e988-bd862e3fe1be46a994272793", "+759e988bd862e3fe1be46a994272793"]
        {
            assert_eq!(text.parse::<TraceId>(), Err(NoTraceId), "{text}");
        }
    }
}
