//! The newest entries, found by sequence number, by trace, or by revision.
//!
//! Unlike a [`BoundedLog`](crudder_fakes::BoundedLog), this store is bounded in entries, and
//! changes them in place.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crudder_fakes::TraceId;

use super::entry::Entry;

#[derive(Debug)]
pub(super) struct EntryStore {
    entries: VecDeque<Entry>,
    capacity: usize,
    /// The newest entry of each trace: a client may send several requests with one trace id.
    by_trace: HashMap<TraceId, u64>,
    /// The sequence number of the entry with each revision.
    by_revision: BTreeMap<u64, u64>,
    next_seq: u64,
    next_revision: u64,
    dropped: u64,
}

impl EntryStore {
    pub(super) fn new(capacity: usize) -> Self {
        let (by_trace, by_revision) = (HashMap::new(), BTreeMap::new());
        Self { entries: VecDeque::new(), capacity, by_trace, by_revision, next_seq: 0, next_revision: 1, dropped: 0 }
    }

    /// Returns the stored entries, oldest first.
    pub(super) fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.entries.iter()
    }

    /// Returns how many entries were dropped to make space.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Returns the revision of the last change, or 0 before the first.
    pub(super) fn revision(&self) -> u64 {
        self.next_revision - 1
    }

    /// Returns whether a trace has an entry.
    pub(super) fn contains(&self, trace: TraceId) -> bool {
        self.by_trace.contains_key(&trace)
    }

    /// Returns whether every request since then, in milliseconds since 1970, is still stored. If
    /// so, a trace without an entry never had one.
    pub(super) fn has_all_since(&self, started_ms: u64) -> bool {
        self.dropped == 0 || self.entries.front().is_some_and(|oldest| oldest.started_ms <= started_ms)
    }

    /// Adds the entry that `make` creates from a sequence number and a revision. Returns the
    /// number.
    pub(super) fn add(&mut self, make: impl FnOnce(u64, u64) -> Entry) -> u64 {
        let (seq, revision) = (self.next_seq, self.next_revision);
        self.next_seq += 1;
        self.next_revision += 1;
        let entry = make(seq, revision);
        self.by_trace.insert(entry.trace, seq);
        self.by_revision.insert(revision, seq);
        self.entries.push_back(entry);
        while self.entries.len() > self.capacity
            && let Some(oldest) = self.entries.pop_front()
        {
            self.unindex(&oldest);
        }
        seq
    }

    fn unindex(&mut self, oldest: &Entry) {
        self.dropped += 1;
        self.by_revision.remove(&oldest.revision);
        if self.by_trace.get(&oldest.trace) == Some(&oldest.seq) {
            self.by_trace.remove(&oldest.trace);
        }
    }

    /// Changes the entry with this sequence number, if it is still stored.
    pub(super) fn change(&mut self, seq: u64, change: impl FnOnce(&mut Entry)) {
        let first = self.entries.front().map_or(0, |entry| entry.seq);
        let index = seq.checked_sub(first).and_then(|index| usize::try_from(index).ok());
        let Some(entry) = index.and_then(|index| self.entries.get_mut(index)) else { return };
        change(entry);
        self.by_revision.remove(&entry.revision);
        entry.revision = self.next_revision;
        self.by_revision.insert(entry.revision, seq);
        self.next_revision += 1;
    }

    /// Changes the newest entry of a trace, if there is one.
    pub(super) fn change_trace(&mut self, trace: TraceId, change: impl FnOnce(&mut Entry)) {
        if let Some(seq) = self.by_trace.get(&trace).copied() {
            self.change(seq, change);
        }
    }

    /// Returns at most `limit` entries that changed after a revision, the earliest change first,
    /// and the revision of the last one.
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
    use super::super::entry::NewRequest;
    use super::*;
    use std::time::UNIX_EPOCH;

    fn add(store: &mut EntryStore, trace: u8) -> u64 {
        let trace = TraceId::new([trace; 16]);
        let request = NewRequest { trace, method: "GET", path: "/", now: UNIX_EPOCH };
        store.add(|seq, revision| request.entry(seq, revision))
    }

    fn changed(store: &EntryStore, revision: u64, limit: usize) -> Vec<u64> {
        store.after(revision, limit).0.iter().map(|entry| entry.seq).collect()
    }

    #[test]
    fn changes_after_a_revision_are_returned_once_and_in_order() {
        let mut store = EntryStore::new(10);
        for trace in 0..3 {
            add(&mut store, trace);
        }
        assert_eq!(changed(&store, 0, 10), [0, 1, 2]);
        let reached = store.after(0, 10).1;
        assert_eq!(changed(&store, reached, 10), [0_u64; 0]);
        store.change_trace(TraceId::new([1; 16]), |entry| entry.status = Some(200));
        assert_eq!(changed(&store, reached, 10), [1]);
        assert_eq!(changed(&store, 0, 2), [0, 2], "each entry is returned once, with its last change");
    }

    #[test]
    fn the_oldest_entries_are_dropped_from_every_index() {
        let mut store = EntryStore::new(2);
        for trace in 0..5 {
            add(&mut store, trace);
        }
        assert_eq!((store.entries().len(), store.dropped), (2, 3));
        assert_eq!((store.by_trace.len(), store.by_revision.len()), (2, 2));
        store.change_trace(TraceId::new([0; 16]), |_| panic!("the entry was dropped"));
        store.change(4, |entry| entry.status = Some(204));
        assert_eq!(store.entries().map(|entry| entry.status).collect::<Vec<_>>(), [None, Some(204)]);
    }

    #[test]
    fn of_two_requests_with_one_trace_the_later_is_changed() {
        let mut store = EntryStore::new(2);
        add(&mut store, 7);
        add(&mut store, 7);
        store.change_trace(TraceId::new([7; 16]), |entry| entry.status = Some(200));
        assert_eq!(store.entries().map(|entry| entry.status).collect::<Vec<_>>(), [None, Some(200)]);
        add(&mut store, 1);
        store.change_trace(TraceId::new([7; 16]), |entry| entry.status = Some(201));
        assert_eq!(
            store.entries().next().unwrap().status,
            Some(201),
            "the trace is still found after the earlier one was dropped"
        );
    }
}
