//! Spans as a tree, and the tree as datagrams: one where it fits, as many as it takes where it doesn't.

use std::collections::{HashMap, VecDeque};

use super::Span;
use super::document::{self, Place};

/// What stands before each document (Developer Guide, "Sending trace data to the daemon").
const HEADER: &[u8] = b"{\"format\":\"json\",\"version\":1}\n";

/// A document's largest: X-Ray takes 64 kB, which is 64,000 bytes to the careful.
const MAX_DOCUMENT_BYTES: usize = 64_000;

/// A datagram's largest: header and document. UDP over IPv4 would take 65,507.
pub const MAX_DATAGRAM_BYTES: usize = MAX_DOCUMENT_BYTES + HEADER.len();

/// Documents nest no deeper: each level is an object in an array, and common parsers give up at 128 of both. What lies deeper
/// begins a document of its own.
const MAX_DEPTH: usize = 30;

/// Writes the spans as datagrams, each with the daemon's header, and hands each to `send`. A span whose parent is among `spans`
/// is nested in it; every other stands alone, under its `parent_id`. Each span is told exactly once. `out` is scratch, `service`
/// the name that metadata stands under.
pub fn write_datagrams(spans: &[Span<'_>], service: &str, out: &mut Vec<u8>, mut send: impl FnMut(&[u8])) {
    let mut tree = Tree::of(spans, service);
    while let Some(top) = tree.alone.pop_front() {
        out.clear();
        out.extend_from_slice(HEADER);
        tree.write(out, top, Place::Alone, 0);
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
    alone: VecDeque<usize>,
}

impl<'s, 'a> Tree<'s, 'a> {
    fn of(spans: &'s [Span<'a>], service: &'s str) -> Self {
        let index = spans.iter().enumerate().map(|(at, span)| (span.id, at)).collect::<HashMap<_, _>>();
        let parent_of = |at: usize| index.get(&spans[at].parent_id).copied().filter(|parent| *parent != at);
        let mut children = vec![Vec::new(); spans.len()];
        let mut alone = VecDeque::new();
        for at in 0..spans.len() {
            match parent_of(at) {
                Some(parent) => children[parent].push(at),
                None => alone.push_back(at),
            }
        }
        children.iter_mut().for_each(|of_one| of_one.sort_by_key(|at| spans[*at].start_ns));
        let mut tree = Self { spans, service, children, alone };
        tree.break_circles(parent_of);
        tree
    }

    /// Spans that are each other's parents hang under no top: one of each circle begins a document.
    fn break_circles(&mut self, parent_of: impl Fn(usize) -> Option<usize>) {
        let mut reached = vec![false; self.spans.len()];
        for top in &self.alone {
            reach(&self.children, *top, &mut reached);
        }
        for at in 0..self.spans.len() {
            if reached[at] {
                continue;
            }
            if let Some(parent) = parent_of(at) {
                self.children[parent].retain(|child| *child != at);
            }
            self.alone.push_back(at);
            reach(&self.children, at, &mut reached);
        }
    }

    /// Writes one span and, as far as they fit, its children; the others go to `alone`. A nested span that does not fit
    /// leaves nothing and is answered with `false`; one that stands alone always fits.
    fn write(&mut self, out: &mut Vec<u8>, at: usize, place: Place, depth: usize) -> bool {
        let start = out.len();
        document::write(out, &self.spans[at], place, self.service, MAX_SEGMENT_BYTES);
        if place == Place::Nested && out.len() + CLOSING.len() * (depth + 1) > MAX_DATAGRAM_BYTES {
            out.truncate(start);
            return false;
        }
        let mut nested = 0;
        for child in std::mem::take(&mut self.children[at]) {
            let before = out.len();
            out.extend_from_slice(if nested == 0 { OPENING } else { b"," });
            if depth + 1 < MAX_DEPTH && self.write(out, child, Place::Nested, depth + 1) {
                nested += 1;
            } else {
                out.truncate(before);
                self.alone.push_back(child);
            }
        }
        out.extend_from_slice(if nested > 0 { CLOSING } else { b"}" });
        true
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
