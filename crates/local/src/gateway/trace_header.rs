//! `X-Amzn-Trace-Id`: API Gateway keeps the root, and puts its own segment as the parent.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crudder_fakes::TraceId;
use uuid::Uuid;

/// The trace header of a request, with the gateway's own segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TraceHeader {
    pub(super) root: String,
    /// The parent that the client sent, if any.
    pub(super) caller: Option<String>,
    /// The id of the gateway's segment.
    pub(super) segment: String,
    pub(super) sampled: bool,
    /// Other fields, such as `Lineage`, which are passed on unchanged.
    others: Vec<String>,
}

impl TraceHeader {
    /// Reads the header of a request, if it has one. A root of another form than `1-8hex-24hex`
    /// starts a new trace. On one machine every request is sampled unless the client sent
    /// `Sampled=0`; with `Sampled=?` the gateway decides.
    pub(crate) fn from_request(sent: Option<&str>, now: SystemTime) -> Self {
        let mut header =
            Self { root: new_root(now), caller: None, segment: random_hex(16), sampled: true, others: Vec::new() };
        for (name, value) in sent.into_iter().flat_map(fields) {
            match name {
                "Root" if is_well_formed(value) => header.root = value.to_owned(),
                "Parent" if is_id(value) => header.caller = Some(value.to_owned()),
                "Sampled" => header.sampled = value != "0",
                "Root" | "Parent" | "Self" => (),
                _ => header.others.push(format!("{name}={value}")),
            }
        }
        // The parent belongs to the client's trace. It is dropped if a new trace starts.
        if !sent.is_some_and(|sent| sent.contains(&header.root)) {
            header.caller = None;
        }
        header
    }

    /// Returns the root as an id.
    pub(super) fn id(&self) -> TraceId {
        // The root always parses: it was checked, or generated here.
        self.root.parse().unwrap_or(TraceId::new([0; 16]))
    }

    /// Returns the header for Lambda.
    pub(crate) fn to_lambda(&self) -> String {
        let known = format!("Root={};Parent={};Sampled={}", self.root, self.segment, u8::from(self.sampled));
        [known].into_iter().chain(self.others.iter().cloned()).collect::<Vec<_>>().join(";")
    }

    /// Returns the header for the response to the client.
    pub(crate) fn to_client(&self) -> String {
        format!("Root={}", self.root)
    }
}

fn fields(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(';').filter_map(|field| field.trim().split_once('='))
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_id(text: &str) -> bool {
    is_hex(text, 16)
}

fn is_well_formed(root: &str) -> bool {
    matches!(root.split('-').collect::<Vec<_>>().as_slice(), ["1", time, rest] if is_hex(time, 8) && is_hex(rest, 24))
}

fn new_root(now: SystemTime) -> String {
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    format!("1-{seconds:08x}-{}", random_hex(24))
}

/// Returns random hex digits. Clients see ids, so they come from a secure source: `uuid` takes its
/// bytes from the system. The version and variant digits of a UUID are among the first twenty, so
/// this uses the last twelve of two.
fn random_hex(digits: usize) -> String {
    let (first, second) = (Uuid::new_v4().simple().to_string(), Uuid::new_v4().simple().to_string());
    format!("{}{}", &first[20..], &second[20..])[..digits].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn the_root_of_the_caller_is_kept_and_its_parent_replaced() {
        let sent = format!("Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=0;Self=x;Lineage=a87bd80c:1|68fd508a:5");
        let header = TraceHeader::from_request(Some(&sent), at(1));
        let wanted = format!("Root={ROOT};Parent={};Sampled=0;Lineage=a87bd80c:1|68fd508a:5", header.segment);
        assert_eq!(header.to_lambda(), wanted);
        assert_ne!(header.segment, "53995c3f42cd8ad8");
        assert_eq!(header.to_client(), format!("Root={ROOT}"));
    }

    #[test]
    fn a_missing_or_malformed_root_starts_a_new_trace() {
        for sent in [
            None,
            Some(""),
            Some("Root=1-2-3"),
            Some("Root=2-5759e988-bd862e3fe1be46a994272793"),
            Some("x"),
            Some("Root="),
        ] {
            let header = TraceHeader::from_request(sent, at(0x5759_e988));
            assert!(
                header.root.starts_with("1-5759e988-") && is_well_formed(&header.root),
                "{sent:?} gave {}",
                header.root
            );
            assert!(header.sampled);
        }
    }

    #[test]
    fn a_request_with_an_open_sampling_decision_is_sampled() {
        assert!(TraceHeader::from_request(Some("Sampled=?"), at(1)).sampled);
    }

    proptest! {
        #[test]
        fn any_received_header_yields_a_well_formed_one(sent in ".*") {
            let header = TraceHeader::from_request(Some(&sent), at(1));
            prop_assert!(is_well_formed(&header.root));
            prop_assert_eq!(header.segment.len(), 16);
        }
    }
}
