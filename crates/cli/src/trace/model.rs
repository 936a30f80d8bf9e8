//! One request as it is shown: spans in their order, log lines, reports, links.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::id::TraceId;

/// Nested deeper than this, nobody follows.
const DEPTH: usize = 64;

/// All that is known of a request.
#[derive(Debug, Serialize)]
pub(crate) struct Trace {
    pub(crate) trace_id: TraceId,
    pub(crate) xray_trace_id: String,
    /// Parents before children, siblings by their start.
    pub(crate) spans: Vec<Span>,
    /// The oldest first.
    pub(crate) lines: Vec<Line>,
    pub(crate) reports: Vec<Report>,
    pub(crate) links: Vec<Link>,
    /// What is missing, and why.
    pub(crate) notes: Vec<String>,
}

/// How a span ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Ok,
    Error,
    Throttle,
    Fault,
    InProgress,
}

/// A timed step.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Span {
    pub(crate) id: String,
    pub(crate) parent: Option<String>,
    /// How many spans it is nested in.
    pub(crate) depth: usize,
    pub(crate) name: String,
    /// Nanoseconds since 1970.
    pub(crate) start_ns: u64,
    /// Nanoseconds since 1970; none while it is in progress.
    pub(crate) end_ns: Option<u64>,
    pub(crate) status: Status,
    /// The innermost span that was open when the function died.
    pub(crate) culprit: bool,
    /// What is worth knowing of it, in the order in which it was told.
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

/// A page elsewhere.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Link {
    pub(crate) name: &'static str,
    pub(crate) url: String,
}

impl Trace {
    /// A trace of which nothing is known yet.
    pub(crate) fn new(id: TraceId) -> Self {
        let xray_trace_id = id.xray();
        let (spans, lines, reports, links, notes) = Default::default();
        Self { trace_id: id, xray_trace_id, spans, lines, reports, links, notes }
    }

    /// The time from the first span's start to the last one's end, in nanoseconds since 1970.
    pub(crate) fn span_of_time(&self) -> Option<(u64, u64)> {
        let start = self.spans.iter().map(|span| span.start_ns).min()?;
        let end = self.spans.iter().map(|span| span.end_ns.unwrap_or(span.start_ns)).max()?;
        Some((start, end.max(start)))
    }
}

/// Puts spans into their order. A span that is told twice is one: the later telling adds to the first.
pub(crate) fn arranged(told: Vec<Span>) -> Vec<Span> {
    let mut spans: BTreeMap<String, Span> = BTreeMap::new();
    for span in told {
        match spans.get_mut(&span.id) {
            Some(known) => known.merge(span),
            None => drop(spans.insert(span.id.clone(), span)),
        }
    }
    let mut below: BTreeMap<Option<String>, Vec<&Span>> = BTreeMap::new();
    for span in spans.values() {
        let parent = span.parent.clone().filter(|parent| spans.contains_key(parent) && *parent != span.id);
        below.entry(parent).or_default().push(span);
    }
    let mut order = Vec::new();
    place(&None, 0, &below, &mut order);
    // Spans that hang in a ring are reached from no root; they are shown all the same.
    let placed: BTreeSet<&str> = order.iter().map(|span| span.id.as_str()).collect();
    let rest: Vec<Span> = spans.values().filter(|span| !placed.contains(span.id.as_str())).cloned().collect();
    order.extend(rest);
    order
}

fn place(parent: &Option<String>, depth: usize, below: &BTreeMap<Option<String>, Vec<&Span>>, order: &mut Vec<Span>) {
    let mut children = below.get(parent).cloned().unwrap_or_default();
    children.sort_by_key(|span| span.start_ns);
    for span in children {
        order.push(Span { depth, ..span.clone() });
        if depth < DEPTH {
            place(&Some(span.id.clone()), depth + 1, below, order);
        }
    }
}

impl Span {
    /// What was told of it under this name.
    pub(crate) fn detail(&self, name: &str) -> Option<&str> {
        self.details.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Another plane's telling of the same span.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn span(id: &str, parent: &str, start_ns: u64) -> Span {
        let parent = (!parent.is_empty()).then(|| parent.to_owned());
        let (id, name) = (id.to_owned(), id.to_owned());
        Span { id, parent, depth: 0, name, start_ns, end_ns: None, status: Status::Ok, culprit: false, details: vec![] }
    }

    fn order(spans: Vec<Span>) -> Vec<(String, usize)> {
        arranged(spans).into_iter().map(|span| (span.name, span.depth)).collect()
    }

    #[test]
    fn parents_stand_before_children_and_siblings_by_their_start() {
        let told =
            vec![span("c", "a", 3), span("b", "a", 2), span("a", "", 1), span("d", "b", 9), span("lone", "gone", 0)];
        let wanted = [("lone", 0), ("a", 0), ("b", 1), ("d", 2), ("c", 1)];
        assert_eq!(order(told), wanted.map(|(name, depth)| (name.to_owned(), depth)));
    }

    #[test]
    fn what_hangs_in_a_ring_is_shown_and_ends() {
        assert_eq!(order(vec![span("a", "b", 1), span("b", "a", 2), span("c", "c", 0)]).len(), 3);
    }

    #[test]
    fn a_span_told_twice_is_one() {
        let mut other = span("a", "", 5);
        other.details = vec![("k".into(), "v".into())];
        other.status = Status::Fault;
        let [one] = arranged(vec![span("a", "p", 4), other]).try_into().unwrap();
        assert_eq!(
            (one.parent.as_deref(), one.start_ns, one.status, one.details.len()),
            (Some("p"), 5, Status::Fault, 1)
        );
    }
}
