//! The entries that fit, the oldest of which go first; found by number, by trace, and by what changed after a revision.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crudder_fakes::TraceId;

use super::Entry;

#[derive(Debug)]
pub(super) struct Shelf {
    entries: VecDeque<Entry>,
    room: usize,
    /// The newest entry of each trace: a client may ask twice under one id.
    by_trace: HashMap<TraceId, u64>,
    /// Which entry has which revision; each has one.
    by_revision: BTreeMap<u64, u64>,
    next_seq: u64,
    next_revision: u64,
    pub(super) dropped: u64,
}

impl Shelf {
    pub(super) fn new(room: usize) -> Self {
        let (by_trace, by_revision) = (HashMap::new(), BTreeMap::new());
        Self { entries: VecDeque::new(), room, by_trace, by_revision, next_seq: 0, next_revision: 1, dropped: 0 }
    }

    pub(super) fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.entries.iter()
    }

    /// The revision of the last change; 0 before the first.
    pub(super) fn revision(&self) -> u64 {
        self.next_revision - 1
    }

    /// Whether a trace has an entry.
    pub(super) fn knows(&self, trace: TraceId) -> bool {
        self.by_trace.contains_key(&trace)
    }

    /// Whether all that began since then, in milliseconds since 1970, is still here: what is unknown then was never known.
    pub(super) fn holds_since(&self, started_ms: u64) -> bool {
        self.dropped == 0 || self.entries.front().is_some_and(|oldest| oldest.started_ms <= started_ms)
    }

    /// Puts down what `make` makes of a number and a revision.
    pub(super) fn open(&mut self, make: impl FnOnce(u64, u64) -> Entry) -> u64 {
        let (seq, revision) = (self.next_seq, self.next_revision);
        self.next_seq += 1;
        self.next_revision += 1;
        let entry = make(seq, revision);
        self.by_trace.insert(entry.trace, seq);
        self.by_revision.insert(revision, seq);
        self.entries.push_back(entry);
        while self.entries.len() > self.room
            && let Some(oldest) = self.entries.pop_front()
        {
            self.forget(&oldest);
        }
        seq
    }

    fn forget(&mut self, oldest: &Entry) {
        self.dropped += 1;
        self.by_revision.remove(&oldest.revision);
        if self.by_trace.get(&oldest.trace) == Some(&oldest.seq) {
            self.by_trace.remove(&oldest.trace);
        }
    }

    /// Changes the entry of this number, if it is still here.
    pub(super) fn change(&mut self, seq: u64, change: impl FnOnce(&mut Entry)) {
        let first = self.entries.front().map_or(0, |entry| entry.seq);
        let place = seq.checked_sub(first).and_then(|place| usize::try_from(place).ok());
        let Some(entry) = place.and_then(|place| self.entries.get_mut(place)) else { return };
        change(entry);
        self.by_revision.remove(&entry.revision);
        entry.revision = self.next_revision;
        self.by_revision.insert(entry.revision, seq);
        self.next_revision += 1;
    }

    /// Changes the newest entry of a trace, if there is one.
    pub(super) fn note(&mut self, trace: TraceId, note: impl FnOnce(&mut Entry)) {
        if let Some(seq) = self.by_trace.get(&trace).copied() {
            self.change(seq, note);
        }
    }

    pub(super) fn after(&self, revision: u64, limit: usize) -> (Vec<Entry>, u64) {
        let first = self.entries.front().map_or(0, |entry| entry.seq);
        let changed = self.by_revision.range(revision + 1..).take(limit);
        let found: Vec<Entry> = changed
            .filter_map(|(_, seq)| self.entries.get(usize::try_from(seq.checked_sub(first)?).ok()?).cloned())
            .collect();
        let reached = found.last().map_or(revision, |entry| entry.revision);
        (found, reached)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Asked;
    use super::*;
    use std::time::UNIX_EPOCH;

    fn ask(shelf: &mut Shelf, trace: u8) -> u64 {
        let trace = TraceId::new([trace; 16]);
        let asked = Asked { trace, method: "GET", path: "/", now: UNIX_EPOCH };
        shelf.open(|seq, revision| asked.entry(seq, revision))
    }

    fn seen(shelf: &Shelf, revision: u64, limit: usize) -> Vec<u64> {
        shelf.after(revision, limit).0.iter().map(|entry| entry.seq).collect()
    }

    #[test]
    fn what_changed_after_a_revision_is_handed_out_once_and_in_that_order() {
        let mut shelf = Shelf::new(10);
        for trace in 0..3 {
            ask(&mut shelf, trace);
        }
        assert_eq!(seen(&shelf, 0, 10), [0, 1, 2]);
        let reached = shelf.after(0, 10).1;
        assert_eq!(seen(&shelf, reached, 10), [0_u64; 0]);
        shelf.note(TraceId::new([1; 16]), |entry| entry.status = Some(200));
        assert_eq!(seen(&shelf, reached, 10), [1]);
        assert_eq!(seen(&shelf, 0, 2), [0, 2], "whoever saw nothing sees each once");
    }

    #[test]
    fn the_oldest_fall_off_and_are_found_by_nothing_any_more() {
        let mut shelf = Shelf::new(2);
        for trace in 0..5 {
            ask(&mut shelf, trace);
        }
        assert_eq!((shelf.entries().len(), shelf.dropped), (2, 3));
        assert_eq!((shelf.by_trace.len(), shelf.by_revision.len()), (2, 2));
        shelf.note(TraceId::new([0; 16]), |_| panic!("it has fallen off"));
        shelf.change(4, |entry| entry.status = Some(204));
        assert_eq!(shelf.entries().map(|entry| entry.status).collect::<Vec<_>>(), [None, Some(204)]);
    }

    #[test]
    fn of_two_requests_with_one_trace_the_later_is_told() {
        let mut shelf = Shelf::new(2);
        ask(&mut shelf, 7);
        ask(&mut shelf, 7);
        shelf.note(TraceId::new([7; 16]), |entry| entry.status = Some(200));
        assert_eq!(shelf.entries().map(|entry| entry.status).collect::<Vec<_>>(), [None, Some(200)]);
        ask(&mut shelf, 1);
        shelf.note(TraceId::new([7; 16]), |entry| entry.status = Some(201));
        assert_eq!(shelf.entries().next().unwrap().status, Some(201), "its name outlives the earlier one's fall");
    }
}
