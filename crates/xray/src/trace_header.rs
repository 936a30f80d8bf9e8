//! The X-Ray trace header, `X-Amzn-Trace-Id`, and the trace ids in it.
//!
//! The format is that of the X-Ray Developer Guide, "Tracing header" and "Trace ID format".

use std::fmt;
use std::str::FromStr;

/// The text is not a trace header or not a trace id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseError(&'static str);

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for ParseError {}

const NOT_AN_ID: ParseError =
    ParseError("expected a trace id of the form 1-<8 hex digits>-<24 hex digits>, not all zero");
const NO_ROOT: ParseError = ParseError("expected a trace header with Root=1-<8 hex digits>-<24 hex digits>");

/// A trace id, never zero: the same 16 bytes as a W3C trace id, read as a big-endian number.
///
/// X-Ray writes it as `1-5759e988-bd862e3fe1be46a994272793`. By convention the first four bytes are
/// the time of the request, in seconds since 1970.
///
/// ```
/// use crudder_xray::TraceId;
///
/// let id: TraceId = "1-5759e988-bd862e3fe1be46a994272793".parse()?;
/// assert_eq!(id.number(), 0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793);
/// assert_eq!(id.to_string(), "1-5759e988-bd862e3fe1be46a994272793");
/// assert_eq!(id.seconds(), 0x5759_e988);
/// # Ok::<(), crudder_xray::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId(u128);

impl TraceId {
    /// Returns the id with this number; `None` for zero, which W3C and OpenTelemetry forbid.
    #[must_use]
    pub const fn from_number(number: u128) -> Option<Self> {
        if number == 0 { None } else { Some(Self(number)) }
    }

    /// Returns the id as a number; its big-endian bytes are the W3C trace id.
    #[must_use]
    pub const fn number(self) -> u128 {
        self.0
    }

    /// Returns the time in the first four bytes, in seconds since 1970. It means nothing in an id
    /// that is all random.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        (self.0 >> 96) as u32
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1-{:08x}-{:024x}", self.seconds(), self.0 & (u128::MAX >> 32))
    }
}

impl FromStr for TraceId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut parts = text.split('-');
        let (Some("1"), Some(time), Some(random), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NOT_AN_ID);
        };
        let time = hex(time, 8).ok_or(NOT_AN_ID)?;
        let random = hex(random, 24).ok_or(NOT_AN_ID)?;
        Self::from_number(time << 96 | random).ok_or(NOT_AN_ID)
    }
}

/// The sampling decision in a trace header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Sampling {
    /// `Sampled=1`: the trace is recorded.
    Sampled,
    /// `Sampled=0`: the trace is not recorded.
    NotSampled,
    /// `Sampled=?`: the sender asks the receiver to decide.
    Requested,
    /// The header has no decision, or one that is not known.
    #[default]
    Unspecified,
}

/// A trace header: `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`.
///
/// Fields may come in any order, with spaces around them. A malformed `Parent` and unknown fields
/// such as `Self` and `Lineage` are ignored. If a field occurs twice, the last one counts.
///
/// ```
/// use crudder_xray::{Sampling, TraceHeader};
///
/// let header: TraceHeader = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1".parse()?;
/// assert_eq!(header.root.to_string(), "1-5759e988-bd862e3fe1be46a994272793");
/// assert_eq!(header.parent, Some(0x5399_5c3f_42cd_8ad8));
/// assert_eq!(header.sampling, Sampling::Sampled);
/// # Ok::<(), crudder_xray::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceHeader {
    /// The trace.
    pub root: TraceId,
    /// The id of the segment that made the call, never zero.
    pub parent: Option<u64>,
    /// The sampling decision.
    pub sampling: Sampling,
}

impl FromStr for TraceHeader {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut root = None;
        let mut parent = None;
        let mut sampling = Sampling::Unspecified;
        for (name, value) in text.split(';').filter_map(|field| field.trim().split_once('=')) {
            match name {
                "Root" => root = value.parse().ok(),
                "Parent" => parent = hex(value, 16).and_then(|id| u64::try_from(id).ok()).filter(|id| *id != 0),
                "Sampled" => sampling = sampling_of(value),
                _ => (),
            }
        }
        Ok(Self { root: root.ok_or(NO_ROOT)?, parent, sampling })
    }
}

/// Writes the header without fields that are not known.
impl fmt::Display for TraceHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Root={}", self.root)?;
        if let Some(parent) = self.parent {
            write!(f, ";Parent={parent:016x}")?;
        }
        f.write_str(match self.sampling {
            Sampling::Sampled => ";Sampled=1",
            Sampling::NotSampled => ";Sampled=0",
            Sampling::Requested => ";Sampled=?",
            Sampling::Unspecified => "",
        })
    }
}

fn sampling_of(value: &str) -> Sampling {
    match value {
        "1" => Sampling::Sampled,
        "0" => Sampling::NotSampled,
        "?" => Sampling::Requested,
        _ => Sampling::Unspecified,
    }
}

/// Parses exactly this many hexadecimal digits, in either case; unlike `from_str_radix` it takes no
/// sign.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_hex = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";

    fn parse(text: &str) -> Option<TraceHeader> {
        text.parse().ok()
    }

    #[test]
    fn a_header_of_lambda_is_parsed() {
        let header = parse(&format!("Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:1|68fd508a:5"));
        let root = ROOT.parse().unwrap();
        let expected = TraceHeader { root, parent: Some(0x5399_5c3f_42cd_8ad8), sampling: Sampling::Sampled };
        assert_eq!(header, Some(expected));
    }

    #[test]
    fn fields_come_in_any_order_with_spaces_and_the_last_one_counts() {
        let text = format!("Self=1-67891234-12456789abcdef012345678; Sampled=? ;Root=1-2-3;Root={ROOT}; Sampled=0");
        let header = parse(&text).unwrap();
        assert_eq!((header.root.to_string(), header.parent), (ROOT.to_owned(), None));
        assert_eq!(header.sampling, Sampling::NotSampled);
    }

    #[test]
    fn a_header_without_a_decision_is_unspecified() {
        for text in [format!("Root={ROOT}"), format!("Root={ROOT};Sampled="), format!("Root={ROOT};Sampled=true")] {
            assert_eq!(parse(&text).unwrap().sampling, Sampling::Unspecified, "{text}");
        }
        assert_eq!(parse(&format!("Root={ROOT};Sampled=?")).unwrap().sampling, Sampling::Requested);
    }

    #[test]
    fn a_malformed_parent_is_ignored() {
        for parent in ["", "1", "0000000000000000", "53995c3f42cd8ad", "53995c3f42cd8ad80", "+3995c3f42cd8ad8", "é"] {
            let header = parse(&format!("Root={ROOT};Parent={parent}")).unwrap();
            assert_eq!(header.parent, None, "{parent}");
        }
    }

    #[test]
    fn a_header_without_a_valid_root_is_refused() {
        for text in [
            "",
            ";;;===",
            "Root",
            "Root=",
            "Root=1-x-y",
            "Root=1-2-3",
            "Root=1-é",
            "Root=2-5759e988-bd862e3fe1be46a994272793",
            "Root=1-00000000-000000000000000000000000;Parent=1",
            "Root=1-5759e988-bd862e3fe1be46a994272793-",
            "Root=1-+759e988-bd862e3fe1be46a994272793",
            "root=1-5759e988-bd862e3fe1be46a994272793",
            "Sampled=1",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        let error = "Sampled=1".parse::<TraceHeader>().unwrap_err();
        assert!(error.to_string().contains("Root=1-"), "{error}");
        assert!("1-2-3".parse::<TraceId>().unwrap_err().to_string().contains("1-<8 hex digits>"));
    }

    #[test]
    fn digits_are_read_in_either_case_and_written_in_lower_case() {
        let id: TraceId = ROOT.to_uppercase().parse().unwrap();
        assert_eq!(id.to_string(), ROOT);
    }

    proptest! {
        #[test]
        fn a_written_header_is_read_back(
            number in 1..=u128::MAX, parent in proptest::option::of(1..=u64::MAX), sampling in 0_usize..4,
        ) {
            let root = TraceId::from_number(number).unwrap();
            let sampling =
                [Sampling::Sampled, Sampling::NotSampled, Sampling::Requested, Sampling::Unspecified][sampling];
            let header = TraceHeader { root, parent, sampling };
            prop_assert_eq!(header.to_string().parse(), Ok(header));
            prop_assert_eq!(root.to_string().parse(), Ok(root));
        }

        #[test]
        fn arbitrary_text_does_not_panic(text in any::<String>(), nearly in "(Root|Parent|Sampled|=|;|-|1|0|a| ){0,30}") {
            let _ = (text.parse::<TraceHeader>(), text.parse::<TraceId>());
            let _ = (nearly.parse::<TraceHeader>(), nearly.parse::<TraceId>());
        }
    }
}
