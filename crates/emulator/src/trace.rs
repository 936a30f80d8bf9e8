//! The trace header of an invocation, with the function's segment as parent.

use std::time::SystemTime;

use uuid::Uuid;

/// The trace headers of one invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TraceHeaders {
    /// The header as it came. Extensions and the Telemetry API get this one.
    pub(crate) upstream: String,
    /// The header with the function's segment as parent. The runtime gets this one.
    pub(crate) downstream: String,
    /// The id of the function's segment, 16 hex digits.
    pub(crate) segment_id: String,
}

impl TraceHeaders {
    /// Returns the headers with a new function segment, in the trace of `header`. Without a valid
    /// header they are in a new unsampled trace.
    pub(crate) fn new(header: Option<&str>, now: SystemTime) -> Self {
        let segment_id = segment_id();
        let upstream = match header.filter(|header| field(header, "Root").is_some()) {
            Some(header) => header.to_owned(),
            None => format!("Root={};Sampled=0", root(now)),
        };
        let downstream = downstream(&upstream, &segment_id);
        Self { upstream, downstream, segment_id }
    }

    /// Whether X-Ray records this trace.
    pub(crate) fn sampled(&self) -> bool {
        field(&self.upstream, "Sampled") == Some("1")
    }
}

fn field<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    fields(header).find_map(|(key, value)| (key == name).then_some(value))
}

fn fields(header: &str) -> impl Iterator<Item = (&str, &str)> {
    header.split(';').filter_map(|part| part.trim().split_once('='))
}

/// Returns `Root`, the new `Parent` and `Sampled`, then the other fields (`Lineage`, `Self`).
fn downstream(upstream: &str, segment_id: &str) -> String {
    let root = field(upstream, "Root").unwrap_or_default();
    let sampled = field(upstream, "Sampled").filter(|sampled| *sampled == "1").unwrap_or("0");
    let mut header = format!("Root={root};Parent={segment_id};Sampled={sampled}");
    for (key, value) in fields(upstream).filter(|(key, _)| !matches!(*key, "Root" | "Parent" | "Sampled")) {
        header.push_str(&format!(";{key}={value}"));
    }
    header
}

fn root(now: SystemTime) -> String {
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let random = Uuid::new_v4().simple().to_string();
    format!("1-{seconds:08x}-{}", &random[..24])
}

fn segment_id() -> String {
    Uuid::new_v4().simple().to_string()[16..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_segment_replaces_the_callers_segment() {
        let upstream = "Root=1-6a01b2c3-00112233445566778899aabb;Parent=aaaabbbbccccdddd;Sampled=1;Lineage=a:b";
        let trace = TraceHeaders::new(Some(upstream), SystemTime::UNIX_EPOCH);
        assert_eq!(trace.upstream, upstream);
        let expected =
            format!("Root=1-6a01b2c3-00112233445566778899aabb;Parent={};Sampled=1;Lineage=a:b", trace.segment_id);
        assert_eq!(trace.downstream, expected);
        assert_eq!(trace.segment_id.len(), 16);
    }

    #[test]
    fn a_request_without_a_header_gets_an_unsampled_trace() {
        let trace = TraceHeaders::new(None, SystemTime::UNIX_EPOCH);
        assert!(trace.upstream.starts_with("Root=1-00000000-"), "{}", trace.upstream);
        assert!(!trace.sampled());
        assert!(trace.downstream.ends_with(";Sampled=0"), "{}", trace.downstream);
    }
}
