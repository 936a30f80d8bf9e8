//! A trace's id, found in whatever names it: X-Ray's form, W3C's, a traceparent, a whole header, a page's address.

use std::fmt;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde::{Serialize, Serializer};

/// The 32 hexadecimal digits of a trace's id; never all of them zero.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TraceId(String);

impl TraceId {
    /// The first id in a text. X-Ray's form goes before W3C's: a page's address may hold other 32 digits.
    pub(crate) fn find(text: &str) -> Option<Self> {
        let text = percent_decode_str(text).decode_utf8_lossy().to_lowercase();
        let words = || text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
        let stamped = words().find_map(Self::stamped);
        stamped.or_else(|| words().flat_map(|word| word.split('-')).find_map(Self::bare))
    }

    /// `1-8hex-24hex`
    fn stamped(word: &str) -> Option<Self> {
        let id: crudder_xray::TraceId = word.parse().ok()?;
        Some(Self(format!("{:032x}", id.number())))
    }

    fn bare(digits: &str) -> Option<Self> {
        let is_id = digits.len() == 32
            && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
            && digits.bytes().any(|byte| byte != b'0');
        is_id.then(|| Self(digits.to_owned()))
    }

    /// An id from these random bits, of a request made at this time: X-Ray wants the second in the first eight digits.
    pub(crate) fn new(unix_s: u64, random: u128) -> Self {
        let digits = format!("{:08x}{:024x}", unix_s & 0xffff_ffff, random & ((1 << 96) - 1));
        Self(digits)
    }

    /// The second since 1970 that X-Ray's ids begin with; of an id that is all random, any.
    pub(crate) fn seconds(&self) -> Duration {
        Duration::from_secs(u64::from_str_radix(&self.0[..8], 16).unwrap_or_default())
    }

    /// `1-8hex-24hex`
    pub(crate) fn xray(&self) -> String {
        format!("1-{}-{}", &self.0[..8], &self.0[8..])
    }
}

/// 32 digits.
impl fmt::Display for TraceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for TraceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const W3C: &str = "5759e988bd862e3fe1be46a994272793";

    #[test]
    fn an_id_is_found_in_every_form() {
        for text in [
            W3C,
            "5759E988BD862E3FE1BE46A994272793",
            "1-5759e988-bd862e3fe1be46a994272793",
            "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
            "X-Amzn-Trace-Id: Self=1-67891234-12456789abcdef012345678;Root=1-5759e988-bd862e3fe1be46a994272793",
            "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#xray:traces/1-5759e988-bd862e3fe1be46a994272793",
            "https://ui.honeycomb.io/t/environments/e/trace?trace_id=5759e988bd862e3fe1be46a994272793&trace_start_ts=1",
            "http://127.0.0.1:3001/#/trace/1-5759e988-bd862e3fe1be46a994272793",
            "https://x.test/?q=%221-5759e988-bd862e3fe1be46a994272793%22",
        ] {
            let found = TraceId::find(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(
                (found.to_string().as_str(), found.xray().as_str()),
                (W3C, "1-5759e988-bd862e3fe1be46a994272793"),
                "{text}"
            );
        }
    }

    #[test]
    fn what_names_no_trace_is_none() {
        for text in [
            "",
            "hello",
            "5759e988",
            "00000000000000000000000000000000",
            "5759e988bd862e3fe1be46a9942727930",
            "1-5759e988-bd86",
        ] {
            assert_eq!(TraceId::find(text), None, "{text}");
        }
    }

    #[test]
    fn a_new_id_tells_its_second() {
        assert_eq!(TraceId::new(0x5759_e988, 0xbd86_2e3f_e1be_46a9_9427_2793).to_string(), W3C);
        assert_eq!(TraceId::new(1, u128::MAX).xray(), "1-00000001-ffffffffffffffffffffffff");
    }
}
