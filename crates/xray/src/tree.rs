//! Arranges spans as trees and writes each tree as one datagram, or as several if it is too large
//! for one.

use std::collections::{HashMap, VecDeque};

use crudder_otlp::{Span, SpanKind};

use crate::document::{self, Placement};
use crate::{aws, derived_id, names};

/// The line before each document (X-Ray Developer Guide, "Sending trace data to the daemon").
const HEADER: &[u8] = b"{\"format\":\"json\",\"version\":1}\n";

/// The largest document. X-Ray accepts 64 kB; this reads it as 64,000 bytes, to be safe.
const MAX_DOCUMENT_BYTES: usize = 64_000;

/// The largest datagram that [`write_datagrams`] writes: header and document. UDP over IPv4 would
/// carry 65,507 bytes.
pub const MAX_DATAGRAM_BYTES: usize = MAX_DOCUMENT_BYTES + HEADER.len();

/// The deepest nesting of subsegments in a document. Each level is an object in an array, and
/// common JSON parsers stop at 128 of both. A deeper span begins a document of its own.
const MAX_DEPTH: usize = 30;

/// At most this many children of one span that do not fit beside it are sent in a datagram each.
/// More of them are grouped: a thousand datagrams at once take milliseconds and overflow the
/// receive buffer of the daemon.
const MAX_INDEPENDENT_CHILDREN: usize = 8;

/// The suffix of the name of a group of children; the rest is the name of their parent.
const CONTINUED: &str = " continued";

/// The bytes before the first embedded subsegment, and those that close a segment with embedded
/// subsegments.
const OPENING: &[u8] = b",\"subsegments\":[";
const CLOSING: &[u8] = b"]}";

/// The largest subsegment without children.
const MAX_SEGMENT_BYTES: usize = MAX_DOCUMENT_BYTES - CLOSING.len();

/// Writes the spans as datagrams for the X-Ray daemon and passes each one to `send`.
///
/// A datagram is the daemon's header line and one subsegment document, at most
/// [`MAX_DATAGRAM_BYTES`] together. A span whose parent is among `spans` is embedded in its parent.
/// Every other span begins a document, under its `parent_id`. Each span is written exactly once. If
/// many children of one span do not fit beside it, they are embedded in further subsegments under
/// it, whose names are its name with the suffix ` continued`.
///
/// `service` is the key under which the metadata stands. `out` is a buffer for reuse; its content
/// is overwritten.
///
/// ```
/// use crudder_xray::{Span, write_datagrams};
///
/// let span = Span { trace_id: 7, id: 1, name: "GET /cart", start_ns: 1, end_ns: Some(2), ..Span::default() };
/// let mut datagrams = Vec::new();
/// write_datagrams(&[span], "shop", &mut Vec::new(), |datagram| datagrams.push(datagram.to_vec()));
/// assert_eq!(datagrams.len(), 1);
/// assert!(datagrams[0].starts_with(b"{\"format\":\"json\",\"version\":1}\n{\"name\":\"GET /cart\","));
/// ```
pub fn write_datagrams(spans: &[Span<'_>], service: &str, out: &mut Vec<u8>, mut send: impl FnMut(&[u8])) {
    let mut tree = Tree::new(spans, service);
    while let Some(document) = tree.documents.pop_front() {
        out.clear();
        out.extend_from_slice(HEADER);
        match document {
            Document::Span(index) => {
                tree.write(out, index, Placement::Independent, 0);
            }
            Document::Group(group) => tree.write_group(out, group),
        }
        send(out);
    }
}

struct Tree<'s, 'a> {
    spans: &'s [Span<'a>],
    service: &'s str,
    /// The children of each span, by index, in the order of their starts.
    children: Vec<Vec<usize>>,
    /// The documents that are still to be written.
    documents: VecDeque<Document>,
}

/// The outermost subsegment of a document.
enum Document {
    Span(usize),
    Group(Group),
}

/// Children of one span that did not fit beside it; the groups of a span are numbered.
struct Group {
    parent: usize,
    number: u64,
    children: Vec<usize>,
}

impl<'s, 'a> Tree<'s, 'a> {
    fn new(spans: &'s [Span<'a>], service: &'s str) -> Self {
        let by_id = spans.iter().enumerate().map(|(index, span)| (span.id, index)).collect::<HashMap<_, _>>();
        let parent_of = |index: usize| by_id.get(&spans[index].parent_id).copied().filter(|parent| *parent != index);
        let mut children = vec![Vec::new(); spans.len()];
        let mut documents = VecDeque::new();
        for index in 0..spans.len() {
            match parent_of(index) {
                Some(parent) => children[parent].push(index),
                None => documents.push_back(Document::Span(index)),
            }
        }
        children.iter_mut().for_each(|siblings| siblings.sort_by_key(|index| spans[*index].start_ns));
        let mut tree = Self { spans, service, children, documents };
        tree.break_cycles(parent_of);
        tree
    }

    /// Begins a document with one span of each cycle. Spans that are each other's ancestors are
    /// reached from no root.
    fn break_cycles(&mut self, parent_of: impl Fn(usize) -> Option<usize>) {
        let mut reached = vec![false; self.spans.len()];
        for document in &self.documents {
            if let Document::Span(index) = document {
                reach(&self.children, *index, &mut reached);
            }
        }
        for index in 0..self.spans.len() {
            if reached[index] {
                continue;
            }
            if let Some(parent) = parent_of(index) {
                self.children[parent].retain(|child| *child != index);
            }
            self.documents.push_back(Document::Span(index));
            reach(&self.children, index, &mut reached);
        }
    }

    /// Writes a span and as many of its children as fit; the others begin documents of their own.
    /// Returns `false` and writes nothing if an embedded span does not fit. An independent span
    /// always fits.
    fn write(&mut self, out: &mut Vec<u8>, index: usize, placement: Placement, depth: usize) -> bool {
        let start = out.len();
        document::write(out, &self.spans[index], placement, self.service, MAX_SEGMENT_BYTES);
        if placement == Placement::Embedded && out.len() + CLOSING.len() * (depth + 1) > MAX_DATAGRAM_BYTES {
            out.truncate(start);
            return false;
        }
        let children = std::mem::take(&mut self.children[index]);
        self.write_children(out, Group { parent: index, number: 0, children }, depth);
        true
    }

    /// Writes children and closes their parent.
    fn write_children(&mut self, out: &mut Vec<u8>, mut group: Group, depth: usize) {
        let mut embedded = 0;
        group.children.retain(|child| {
            let before = out.len();
            out.extend_from_slice(if embedded == 0 { OPENING } else { b"," });
            let fits = depth + 1 < MAX_DEPTH && self.write(out, *child, Placement::Embedded, depth + 1);
            if fits {
                embedded += 1;
            } else {
                out.truncate(before);
            }
            !fits
        });
        out.extend_from_slice(if embedded > 0 { CLOSING } else { b"}" });
        // A group that embedded no child would be followed by an equal one without end.
        if group.children.len() > MAX_INDEPENDENT_CHILDREN && (embedded > 0 || group.number == 0) {
            self.documents.push_back(Document::Group(Group { number: group.number + 1, ..group }));
        } else {
            self.documents.extend(group.children.into_iter().map(Document::Span));
        }
    }

    /// Writes a subsegment that has only children. It is named after their parent and does not
    /// repeat its failure.
    fn write_group(&mut self, out: &mut Vec<u8>, group: Group) {
        let parent = &self.spans[group.parent];
        let children = || group.children.iter().map(|index| &self.spans[*index]);
        let is_open = children().any(|child| child.end_ns.is_none());
        let name = format!("{}{CONTINUED}", names::cut(aws::name(parent), CONTINUED.len()));
        let span = Span {
            trace_id: parent.trace_id,
            id: derived_id(parent.id, group.number),
            parent_id: parent.id,
            name: &name,
            kind: SpanKind::Internal,
            start_ns: children().map(|child| child.start_ns).min().unwrap_or(parent.start_ns),
            end_ns: if is_open { None } else { children().filter_map(|child| child.end_ns).max() },
            ..Span::default()
        };
        document::write(out, &span, Placement::Independent, self.service, MAX_SEGMENT_BYTES);
        self.write_children(out, group, 0);
    }
}

/// Marks a span and its descendants.
fn reach(children: &[Vec<usize>], top: usize, reached: &mut [bool]) {
    let mut pending = vec![top];
    while let Some(index) = pending.pop() {
        if !std::mem::replace(&mut reached[index], true) {
            pending.extend(&children[index]);
        }
    }
}
