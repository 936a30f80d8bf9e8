//! The record of requests: entries by number and by trace, with notifications of changes.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crudder_fakes::TraceId;
use serde::Serialize;
use tokio::sync::Notify;

use super::entry::{Entry, NewRequest};
use super::map::{ServiceMap, TableCalls};
use super::orphan::OrphanTrace;
use super::store::EntryStore;

/// The capacity of the record; the page stores as many. An entry takes some 400 bytes here, so a
/// full record takes 40 MB.
pub(crate) const CAPACITY: usize = 100_000;

/// The record. Clones share it.
#[derive(Debug, Clone)]
pub struct Requests(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: Mutex<EntryStore>,
    table_calls: Mutex<TableCalls>,
    changed: Notify,
    closed: AtomicBool,
}

impl Default for Requests {
    fn default() -> Self {
        Self(Arc::new(Shared {
            store: Mutex::new(EntryStore::new(CAPACITY)),
            table_calls: Mutex::default(),
            changed: Notify::new(),
            closed: AtomicBool::new(false),
        }))
    }
}

/// How full the record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct RecordSize {
    /// The number of entries.
    pub(crate) held: usize,
    /// The capacity.
    pub(crate) bound: usize,
    /// How many entries were dropped to make space.
    pub(crate) dropped: u64,
}

impl Requests {
    /// Adds the entry of a request, and returns its sequence number.
    pub(super) fn add(&self, request: NewRequest<'_>) -> u64 {
        let seq = self.store().add(|seq, revision| request.entry(seq, revision));
        self.notify();
        seq
    }

    /// Changes the entry with this sequence number, if it is still stored.
    pub(super) fn change(&self, seq: u64, change: impl FnOnce(&mut Entry)) {
        self.store().change(seq, change);
        self.notify();
    }

    /// Changes the newest entry of a trace, without a notification.
    ///
    /// If the trace has no entry, its root span adds one: an orphan trace. A trace whose entry was
    /// dropped gets no second entry.
    pub(super) fn change_trace(&self, trace: TraceId, orphan: Option<OrphanTrace>, change: impl FnOnce(&mut Entry)) {
        let mut store = self.store();
        if let Some(orphan) = orphan.filter(|orphan| !store.contains(trace) && store.has_all_since(orphan.started_ms)) {
            store.add(|seq, revision| orphan.entry(trace, seq, revision));
        }
        store.change_trace(trace, change);
    }

    /// Wakes every task in [`Requests::changed_after`]. After many changes, one call is enough.
    pub(super) fn notify(&self) {
        self.0.changed.notify_waiters();
    }

    /// Returns at most `limit` entries that changed after a revision, the earliest change first,
    /// and the revision of the last one.
    pub(crate) fn after(&self, revision: u64, limit: usize) -> (Vec<Entry>, u64) {
        self.store().after(revision, limit)
    }

    /// Returns at most `limit` entries that satisfy `matches`, newest first.
    pub(crate) fn newest(&self, limit: usize, matches: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        self.store().entries().rev().filter(|entry| matches(entry)).take(limit).cloned().collect()
    }

    /// Returns how full the record is.
    pub(crate) fn size(&self) -> RecordSize {
        let store = self.store();
        RecordSize { held: store.entries().len(), bound: CAPACITY, dropped: store.dropped() }
    }

    /// Returns the service map as of `now`.
    pub(crate) fn map(&self, now: SystemTime) -> ServiceMap {
        let table = self.table_calls().nodes();
        ServiceMap::new(self.store().entries().rev(), table, now)
    }

    /// Adds one call of the table to the service map.
    pub(super) fn add_table_call(&self, function: &str, micros: u64, is_error: bool) {
        self.table_calls().add(function, micros, is_error);
    }

    /// Waits for a change after `revision`. Returns false if the record is closed.
    pub(crate) async fn changed_after(&self, revision: u64) -> bool {
        loop {
            let mut changed = pin!(self.0.changed.notified());
            // Enabled before the check, so that a change in between is not missed.
            changed.as_mut().enable();
            if self.0.closed.load(Ordering::Acquire) {
                return false;
            }
            if self.store().revision() > revision {
                return true;
            }
            changed.await;
        }
    }

    /// Ends all waits for changes, because the console stops.
    pub(crate) fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
        self.notify();
    }

    fn store(&self) -> MutexGuard<'_, EntryStore> {
        // No code under the lock can leave the store half changed, so a poisoned lock is harmless.
        self.0.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn table_calls(&self) -> MutexGuard<'_, TableCalls> {
        self.0.table_calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
