//! One request with everything that is known of it: spans, log lines, reports and links.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::trace_id::TraceId;

/// Deeper spans are listed at the end: so deep a waterfall would be unreadable.
const MAX_DEPTH: usize = 64;

/// Everything that is known of a request. Its JSON is part of the command's interface.
#[derive(Debug, Serialize)]
pub(crate) struct Trace {
    pub(crate) trace_id: TraceId,
    pub(crate) xray_trace_id: String,
    /// Parents before children, siblings by start time.
    pub(crate) spans: Vec<Span>,
    /// Oldest first.
    pub(crate) lines: Vec<Line>,
    pub(crate) reports: Vec<Report>,
    pub(crate) links: Vec<Link>,
    /// What is missing, and why.
    pub(crate) notes: Vec<String>,
}

/// How a span ended, in X-Ray's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Ok,
    Error,
    Throttle,
    Fault,
    InProgress,
}

/// A span, from Honeycomb's data or from a segment of X-Ray.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Span {
    pub(crate) id: String,
    pub(crate) parent: Option<String>,
    /// How many spans it is nested in.
    pub(crate) depth: usize,
    pub(crate) name: String,
    /// Nanoseconds since 1970.
    pub(crate) start_ns: u64,
    /// Nanoseconds since 1970; `None` while it is in progress.
    pub(crate) end_ns: Option<u64>,
    pub(crate) status: Status,
    /// Whether this is the failed span: the innermost span that was open when the function died.
    pub(crate) culprit: bool,
    /// Selected attributes, in their original order.
    pub(crate) details: Vec<(String, String)>,
}

/// A log line.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Line {
    /// Nanoseconds since 1970.
    pub(crate) time_ns: u64,
    /// The function's log group, or the function.
    pub(crate) source: String,
    pub(crate) level: String,
    pub(crate) text: String,
}

/// A Rollbar item.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    pub(crate) uuid: String,
    pub(crate) level: String,
    pub(crate) title: String,
}

/// The address of a page about the trace.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Link {
    pub(crate) name: &'static str,
    pub(crate) url: String,
}

impl Trace {
    /// Builds a trace without any data.
    pub(crate) fn new(id: TraceId) -> Self {
        let xray_trace_id = id.xray();
        let (spans, lines, reports, links, notes) = Default::default();
        Self { trace_id: id, xray_trace_id, spans, lines, reports, links, notes }
    }

    /// Returns the start of the first span and the end of the last one, in nanoseconds since 1970.
    pub(crate) fn time_range(&self) -> Option<(u64, u64)> {
        let start = self.spans.iter().map(|span| span.start_ns).min()?;
        let end = self.spans.iter().map(|span| span.end_ns.unwrap_or(span.start_ns)).max()?;
        Some((start, end.max(start)))
    }
}

impl Span {
    /// Returns the value of a detail.
    pub(crate) fn detail(&self, name: &str) -> Option<&str> {
        self.details.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Adds another destination's data of the same span.
    fn merge(&mut self, other: Self) {
        self.parent = self.parent.take().or(other.parent);
        self.end_ns = other.end_ns.or(self.end_ns);
        self.start_ns = other.start_ns;
        self.culprit |= other.culprit;
        if self.status == Status::Ok || self.status == Status::InProgress {
            self.status = other.status;
        }
        let added = other.details.into_iter().filter(|(name, _)| !self.details.iter().any(|(known, _)| known == name));
        self.details.extend(added.collect::<Vec<_>>());
    }
}

/// Merges spans with the same ID and puts all in the order of [`Trace::spans`], with their depths.
pub(crate) fn merge_and_order(unordered: Vec<Span>) -> Vec<Span> {
    let mut spans: BTreeMap<String, Span> = BTreeMap::new();
    for span in unordered {
        match spans.get_mut(&span.id) {
            Some(known) => known.merge(span),
            None => drop(spans.insert(span.id.clone(), span)),
        }
    }
    let mut children: BTreeMap<Option<String>, Vec<&Span>> = BTreeMap::new();
    for span in spans.values() {
        let parent = span.parent.clone().filter(|parent| spans.contains_key(parent) && *parent != span.id);
        children.entry(parent).or_default().push(span);
    }
    let mut ordered = Vec::new();
    append_children(&None, 0, &children, &mut ordered);
    // Spans whose parents form a cycle are reached from no root; they are shown all the same.
    let placed: BTreeSet<&str> = ordered.iter().map(|span| span.id.as_str()).collect();
    let rest: Vec<Span> = spans.values().filter(|span| !placed.contains(span.id.as_str())).cloned().collect();
    ordered.extend(rest);
    ordered
}

fn append_children(
    parent: &Option<String>,
    depth: usize,
    children: &BTreeMap<Option<String>, Vec<&Span>>,
    ordered: &mut Vec<Span>,
) {
    let mut siblings = children.get(parent).cloned().unwrap_or_default();
    siblings.sort_by_key(|span| span.start_ns);
    for span in siblings {
        ordered.push(Span { depth, ..span.clone() });
        if depth < MAX_DEPTH {
            append_children(&Some(span.id.clone()), depth + 1, children, ordered);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(id: &str, parent: &str, start_ns: u64) -> Span {
        let parent = (!parent.is_empty()).then(|| parent.to_owned());
        let (id, name) = (id.to_owned(), id.to_owned());
        Span { id, parent, depth: 0, name, start_ns, end_ns: None, status: Status::Ok, culprit: false, details: vec![] }
    }

    fn order(spans: Vec<Span>) -> Vec<(String, usize)> {
        merge_and_order(spans).into_iter().map(|span| (span.name, span.depth)).collect()
    }

    #[test]
    fn parents_come_before_children_and_siblings_by_start_time() {
        let spans =
            vec![span("c", "a", 3), span("b", "a", 2), span("a", "", 1), span("d", "b", 9), span("lone", "gone", 0)];
        let expected = [("lone", 0), ("a", 0), ("b", 1), ("d", 2), ("c", 1)];
        assert_eq!(order(spans), expected.map(|(name, depth)| (name.to_owned(), depth)));
    }

    #[test]
    fn spans_whose_parents_form_a_cycle_are_each_shown_once() {
        assert_eq!(order(vec![span("a", "b", 1), span("b", "a", 2), span("c", "c", 0)]).len(), 3);
    }

    #[test]
    fn two_spans_with_one_id_are_merged() {
        let mut other = span("a", "", 5);
        other.details = vec![("k".into(), "v".into())];
        other.status = Status::Fault;
        let [one] = merge_and_order(vec![span("a", "p", 4), other]).try_into().unwrap();
        assert_eq!(
            (one.parent.as_deref(), one.start_ns, one.status, one.details.len()),
            (Some("p"), 5, Status::Fault, 1)
        );
    }
}
