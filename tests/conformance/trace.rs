//! The spans of a trace, as the independent receiver decoded them.

use std::collections::BTreeSet;

use crate::rotel_log::LoggedSpan;

/// The spans of one trace in rotel's log.
pub(crate) struct Trace(pub(crate) Vec<LoggedSpan>);

impl Trace {
    /// Checks that every span is there once, and its parent too.
    pub(crate) fn check_complete(&self) {
        let ids: BTreeSet<_> = self.0.iter().map(|span| &span.span_id).collect();
        assert_eq!(ids.len(), self.0.len(), "a span came twice: {:#?}", self.0);
        let is_known = |span: &LoggedSpan| span.parent_id.is_empty() || ids.contains(&span.parent_id);
        assert!(self.0.iter().all(is_known), "a parent is missing: {:#?}", self.0);
    }

    /// Returns the only span of a name.
    pub(crate) fn span(&self, name: &str) -> &LoggedSpan {
        let named: Vec<_> = self.0.iter().filter(|span| span.name == name).collect();
        let [span] = named.as_slice() else { panic!("{} spans are {name:?} in {:#?}", named.len(), self.0) };
        span
    }

    /// Returns the root span; checks that it has no parent, its kind and its status.
    pub(crate) fn root(&self, name: &str, status: &str) -> &LoggedSpan {
        let root = self.span(name);
        let found = (root.parent_id.as_str(), root.kind.as_str(), root.status.as_str());
        assert_eq!(found, ("", "SPAN_KIND_SERVER", status), "{root:#?}");
        assert_eq!(root.span_id.len(), 16);
        root
    }
}

/// Checks that a span has these attributes.
#[track_caller]
pub(crate) fn check_attributes(span: &LoggedSpan, attributes: &[(&str, &str)]) {
    for (name, value) in attributes {
        assert_eq!(span.attributes.get(*name).map(String::as_str), Some(*value), "{name} of {span:#?}");
    }
}
