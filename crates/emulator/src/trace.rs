//! The trace header on its way through Lambda: the function's segment takes the caller's place as parent.

use std::time::SystemTime;

use uuid::Uuid;

/// The two headers of one invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trace {
    /// As it arrived; what extensions and the Telemetry API see.
    pub(crate) upstream: String,
    /// With the function's segment as parent; what the runtime sees.
    pub(crate) downstream: String,
    /// The function's segment.
    pub(crate) segment_id: String,
}

impl Trace {
    /// Puts a new function segment under `header`, or under a new unsampled trace where the caller brought none.
    pub(crate) fn new(header: Option<&str>, now: SystemTime) -> Self {
        let segment_id = segment_id();
        let upstream = match header.filter(|header| field(header, "Root").is_some()) {
            Some(header) => header.to_owned(),
            None => format!("Root={};Sampled=0", root(now)),
        };
        let downstream = downstream(&upstream, &segment_id);
        Self { upstream, downstream, segment_id }
    }

    /// Whether X-Ray keeps this trace.
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

/// `Root`, then the new `Parent`, then `Sampled`, then whatever else came along (`Lineage`, `Self`).
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
    fn the_function_segment_takes_the_place_of_the_caller() {
        let upstream = "Root=1-6a01b2c3-00112233445566778899aabb;Parent=aaaabbbbccccdddd;Sampled=1;Lineage=a:b";
        let trace = Trace::new(Some(upstream), SystemTime::UNIX_EPOCH);
        assert_eq!(trace.upstream, upstream);
        let expected =
            format!("Root=1-6a01b2c3-00112233445566778899aabb;Parent={};Sampled=1;Lineage=a:b", trace.segment_id);
        assert_eq!(trace.downstream, expected);
        assert_eq!(trace.segment_id.len(), 16);
    }

    #[test]
    fn a_request_without_a_header_gets_an_unsampled_trace() {
        let trace = Trace::new(None, SystemTime::UNIX_EPOCH);
        assert!(trace.upstream.starts_with("Root=1-00000000-"), "{}", trace.upstream);
        assert!(!trace.sampled());
        assert!(trace.downstream.ends_with(";Sampled=0"), "{}", trace.downstream);
    }
}
