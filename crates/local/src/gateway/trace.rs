//! `X-Amzn-Trace-Id` as API Gateway honours it: the root is kept, the gateway's own segment becomes the parent.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crudder_fakes::TraceId;
use uuid::Uuid;

/// What a request's trace header becomes on its way to the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TraceHeader {
    pub(super) root: String,
    /// The segment that called, where the client named one.
    pub(super) caller: Option<String>,
    /// The id of the segment that the gateway would send.
    pub(super) segment: String,
    pub(super) sampled: bool,
    /// Fields that are neither ours nor known, `Lineage` among them: passed on untouched.
    others: Vec<String>,
}

impl TraceHeader {
    /// Reads what the client sent, if anything. A root of another form than `1-8hex-24hex` starts a new trace. On one machine everything is
    /// sampled unless the client says no; `?` asks us to decide.
    pub(crate) fn continued(sent: Option<&str>, now: SystemTime) -> Self {
        let mut header =
            Self { root: new_root(now), caller: None, segment: random_hex(16), sampled: true, others: Vec::new() };
        for (name, value) in sent.into_iter().flat_map(fields) {
            match name {
                "Root" if well_formed(value) => header.root = value.to_owned(),
                "Parent" if is_id(value) => header.caller = Some(value.to_owned()),
                "Sampled" => header.sampled = value != "0",
                "Root" | "Parent" | "Self" => (),
                _ => header.others.push(format!("{name}={value}")),
            }
        }
        // A segment of a trace that could not be read is no parent in a new one.
        if !sent.is_some_and(|sent| sent.contains(&header.root)) {
            header.caller = None;
        }
        header
    }

    /// The root as an id.
    pub(super) fn id(&self) -> TraceId {
        // The root is well-formed: it was checked, or made here.
        self.root.parse().unwrap_or(TraceId::new([0; 16]))
    }

    /// The header that goes to Lambda.
    pub(crate) fn downstream(&self) -> String {
        let known = format!("Root={};Parent={};Sampled={}", self.root, self.segment, u8::from(self.sampled));
        [known].into_iter().chain(self.others.iter().cloned()).collect::<Vec<_>>().join(";")
    }

    /// The header that goes back to the client.
    pub(crate) fn answered(&self) -> String {
        format!("Root={}", self.root)
    }
}

fn fields(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(';').filter_map(|field| field.trim().split_once('='))
}

fn hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_id(text: &str) -> bool {
    hex(text, 16)
}

fn well_formed(root: &str) -> bool {
    matches!(root.split('-').collect::<Vec<_>>().as_slice(), ["1", time, rest] if hex(time, 8) && hex(rest, 24))
}

fn new_root(now: SystemTime) -> String {
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    format!("1-{seconds:08x}-{}", random_hex(24))
}

/// Ids are seen by clients, so they come from a secure source: `uuid` takes its bytes from the system. Its version and variant digits are
/// among the first twenty, so the id is taken from two of them where it must be longer than their random end.
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
    fn a_callers_root_is_kept_and_its_parent_replaced() {
        let sent = format!("Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=0;Self=x;Lineage=a87bd80c:1|68fd508a:5");
        let header = TraceHeader::continued(Some(&sent), at(1));
        let wanted = format!("Root={ROOT};Parent={};Sampled=0;Lineage=a87bd80c:1|68fd508a:5", header.segment);
        assert_eq!(header.downstream(), wanted);
        assert_ne!(header.segment, "53995c3f42cd8ad8");
        assert_eq!(header.answered(), format!("Root={ROOT}"));
    }

    #[test]
    fn no_header_or_a_malformed_root_starts_a_trace_of_now() {
        for sent in [
            None,
            Some(""),
            Some("Root=1-2-3"),
            Some("Root=2-5759e988-bd862e3fe1be46a994272793"),
            Some("x"),
            Some("Root="),
        ] {
            let header = TraceHeader::continued(sent, at(0x5759_e988));
            assert!(
                header.root.starts_with("1-5759e988-") && well_formed(&header.root),
                "{sent:?} gave {}",
                header.root
            );
            assert!(header.sampled);
        }
    }

    #[test]
    fn an_undecided_caller_is_sampled() {
        assert!(TraceHeader::continued(Some("Sampled=?"), at(1)).sampled);
    }

    proptest! {
        #[test]
        fn whatever_is_sent_a_well_formed_header_goes_on(sent in ".*") {
            let header = TraceHeader::continued(Some(&sent), at(1));
            prop_assert!(well_formed(&header.root));
            prop_assert_eq!(header.segment.len(), 16);
        }
    }
}
