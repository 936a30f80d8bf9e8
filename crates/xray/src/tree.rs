//! Spans as a tree, and the tree as datagrams: one where it fits, as many as it takes where it doesn't.

use std::collections::{HashMap, VecDeque};

use super::document::{self, Place};
use super::{blocks, mixed_id, names};
use crudder_otlp::{Span, SpanKind};

/// What stands before each document (Developer Guide, "Sending trace data to the daemon").
const HEADER: &[u8] = b"{\"format\":\"json\",\"version\":1}\n";

/// A document's largest: X-Ray takes 64 kB, which is 64,000 bytes to the careful.
const MAX_DOCUMENT_BYTES: usize = 64_000;

/// A datagram's largest: header and document. UDP over IPv4 would take 65,507.
pub const MAX_DATAGRAM_BYTES: usize = MAX_DOCUMENT_BYTES + HEADER.len();

/// Documents nest no deeper: each level is an object in an array, and common parsers give up at 128 of both. What lies deeper
/// begins a document of its own.
const MAX_DEPTH: usize = 30;

/// So many children of one span may go alone, each in a datagram of its own; more are grouped, since a thousand datagrams at once
/// cost milliseconds and overflow the daemon's buffer.
const MAX_ALONE: usize = 8;

/// What a group of children is called, after their parent.
const CONTINUED: &str = " continued";

/// Writes the spans as datagrams, each with the daemon's header, and hands each to `send`. A span whose parent is among `spans`
/// is nested in it; every other stands alone, under its `parent_id`. Each span is told exactly once. Where many children of one
/// span don't fit beside it, they are nested in further subsegments under it that are named after it and end in ` continued`.
/// `out` is scratch, `service` the name that metadata stands under.
pub fn write_datagrams(spans: &[Span<'_>], service: &str, out: &mut Vec<u8>, mut send: impl FnMut(&[u8])) {
    let mut tree = Tree::of(spans, service);
    while let Some(top) = tree.tops.pop_front() {
        out.clear();
        out.extend_from_slice(HEADER);
        match top {
            Top::Span(at) => {
                tree.write(out, at, Place::Alone, 0);
            }
            Top::Rest(rest) => tree.write_rest(out, rest),
        }
        send(out);
    }
}

/// A nested segment: what comes before it, and what its own closing takes.
const OPENING: &[u8] = b",\"subsegments\":[";
const CLOSING: &[u8] = b"]}";

/// What one span may take when nothing else is in its document.
const MAX_SEGMENT_BYTES: usize = MAX_DOCUMENT_BYTES - CLOSING.len();

struct Tree<'s, 'a> {
    spans: &'s [Span<'a>],
    service: &'s str,
    /// Children by their parent's index, in the order of their starts.
    children: Vec<Vec<usize>>,
    /// What begins a document.
    tops: VecDeque<Top>,
}

enum Top {
    Span(usize),
    Rest(Rest),
}

/// Children of one span that found no room beside it, in their `number`th group.
struct Rest {
    parent: usize,
    number: u64,
    children: Vec<usize>,
}

impl<'s, 'a> Tree<'s, 'a> {
    fn of(spans: &'s [Span<'a>], service: &'s str) -> Self {
        let index = spans.iter().enumerate().map(|(at, span)| (span.id, at)).collect::<HashMap<_, _>>();
        let parent_of = |at: usize| index.get(&spans[at].parent_id).copied().filter(|parent| *parent != at);
        let mut children = vec![Vec::new(); spans.len()];
        let mut tops = VecDeque::new();
        for at in 0..spans.len() {
            match parent_of(at) {
                Some(parent) => children[parent].push(at),
                None => tops.push_back(Top::Span(at)),
            }
        }
        children.iter_mut().for_each(|of_one| of_one.sort_by_key(|at| spans[*at].start_ns));
        let mut tree = Self { spans, service, children, tops };
        tree.break_circles(parent_of);
        tree
    }

    /// Spans that are each other's parents hang under no top: one of each circle begins a document.
    fn break_circles(&mut self, parent_of: impl Fn(usize) -> Option<usize>) {
        let mut reached = vec![false; self.spans.len()];
        for top in &self.tops {
            if let Top::Span(at) = top {
                reach(&self.children, *at, &mut reached);
            }
        }
        for at in 0..self.spans.len() {
            if reached[at] {
                continue;
            }
            if let Some(parent) = parent_of(at) {
                self.children[parent].retain(|child| *child != at);
            }
            self.tops.push_back(Top::Span(at));
            reach(&self.children, at, &mut reached);
        }
    }

    /// Writes one span and, as far as they fit, its children; the others begin documents of their own. A nested span that does not
    /// fit leaves nothing and is answered with `false`; one that stands alone always fits.
    fn write(&mut self, out: &mut Vec<u8>, at: usize, place: Place, depth: usize) -> bool {
        let start = out.len();
        document::write(out, &self.spans[at], place, self.service, MAX_SEGMENT_BYTES);
        if place == Place::Nested && out.len() + CLOSING.len() * (depth + 1) > MAX_DATAGRAM_BYTES {
            out.truncate(start);
            return false;
        }
        let children = std::mem::take(&mut self.children[at]);
        self.write_children(out, Rest { parent: at, number: 0, children }, depth);
        true
    }

    /// Writes children and closes their parent.
    fn write_children(&mut self, out: &mut Vec<u8>, mut rest: Rest, depth: usize) {
        let mut nested = 0;
        rest.children.retain(|child| {
            let before = out.len();
            out.extend_from_slice(if nested == 0 { OPENING } else { b"," });
            let fits = depth + 1 < MAX_DEPTH && self.write(out, *child, Place::Nested, depth + 1);
            if fits {
                nested += 1;
            } else {
                out.truncate(before);
            }
            !fits
        });
        out.extend_from_slice(if nested > 0 { CLOSING } else { b"}" });
        // A group that took none of them in would be followed by its like for ever.
        if rest.children.len() > MAX_ALONE && (nested > 0 || rest.number == 0) {
            self.tops.push_back(Top::Rest(Rest { number: rest.number + 1, ..rest }));
        } else {
            self.tops.extend(rest.children.into_iter().map(Top::Span));
        }
    }

    /// Writes a subsegment that holds nothing but children: it is called after their parent, whose failing it does not repeat.
    fn write_rest(&mut self, out: &mut Vec<u8>, rest: Rest) {
        let parent = &self.spans[rest.parent];
        let children = || rest.children.iter().map(|at| &self.spans[*at]);
        let is_open = children().any(|child| child.end_ns.is_none());
        let name = format!("{}{CONTINUED}", names::cut(blocks::name(parent), CONTINUED.len()));
        let group = Span {
            trace_id: parent.trace_id,
            id: mixed_id(parent.id, rest.number),
            parent_id: parent.id,
            name: &name,
            kind: SpanKind::Internal,
            start_ns: children().map(|child| child.start_ns).min().unwrap_or(parent.start_ns),
            end_ns: if is_open { None } else { children().filter_map(|child| child.end_ns).max() },
            failed: false,
            status_message: "",
            attributes: Vec::new(),
            events: Vec::new(),
        };
        document::write(out, &group, Place::Alone, self.service, MAX_SEGMENT_BYTES);
        self.write_children(out, rest, 0);
    }
}

fn reach(children: &[Vec<usize>], top: usize, reached: &mut [bool]) {
    let mut pending = vec![top];
    while let Some(at) = pending.pop() {
        if !std::mem::replace(&mut reached[at], true) {
            pending.extend(&children[at]);
        }
    }
}
