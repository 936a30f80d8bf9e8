//! The gateway's own record of requests, as many as the console holds, joined by trace id with what the planes say of each.
//!
//! The gateway opens an entry before anything else can speak of the trace, so nothing that comes later finds no entry; a plane's word is added
//! when it comes. Every change gives the entry a new revision, by which a page asks for what it has not seen.

mod alone;
mod entry;
mod follow;
mod handle;
mod map;
mod percentile;
mod shelf;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use alone::Alone;
use crudder_fakes::TraceId;
pub(crate) use entry::{Entry, Outcome, Plane};
pub(crate) use follow::follow;
pub(crate) use handle::{Asked, RequestHandle};
use map::Calls;
pub(crate) use map::ServiceMap;
use shelf::Shelf;
use tokio::sync::Notify;

/// How many requests are held; the page holds as many. An entry takes some 400 bytes here, so this is 40 MB when full.
pub(crate) const HELD: usize = 100_000;

/// The record. Clones share it.
#[derive(Debug, Clone)]
pub struct Requests(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    shelf: Mutex<Shelf>,
    calls: Mutex<Calls>,
    changed: Notify,
    closed: AtomicBool,
}

impl Default for Requests {
    fn default() -> Self {
        Self(Arc::new(Shared {
            shelf: Mutex::new(Shelf::new(HELD)),
            calls: Mutex::default(),
            changed: Notify::new(),
            closed: AtomicBool::new(false),
        }))
    }
}

/// What is held, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Held {
    /// The number of entries.
    pub(crate) held: usize,
    /// The bound.
    pub(crate) bound: usize,
    /// How many have fallen off.
    pub(crate) dropped: u64,
}

impl Requests {
    /// Opens the entry of a request that has just come in.
    pub(crate) fn open(&self, asked: Asked<'_>) -> RequestHandle {
        let seq = self.shelf().open(|seq, revision| asked.entry(seq, revision));
        self.tell();
        RequestHandle::new(self.clone(), seq)
    }

    /// Adds what is known of a trace by now. A root span's word opens an entry where the trace came through no gateway; one whose entry has fallen off gets
    /// no second.
    fn note(&self, trace: TraceId, alone: Option<Alone>, note: impl FnOnce(&mut Entry)) {
        let mut shelf = self.shelf();
        if let Some(alone) = alone.filter(|alone| !shelf.knows(trace) && shelf.holds_since(alone.started_ms)) {
            shelf.open(|seq, revision| alone.entry(trace, seq, revision));
        }
        shelf.note(trace, note);
    }

    /// Says that there is news; whoever notes many things says it once.
    pub(crate) fn tell(&self) {
        self.0.changed.notify_waiters();
    }

    /// The entries that changed after a revision, the longest unchanged first, at most `limit`; and the revision up to which this is.
    pub(crate) fn after(&self, revision: u64, limit: usize) -> (Vec<Entry>, u64) {
        self.shelf().after(revision, limit)
    }

    /// The entries that fit, the newest first, at most `limit`.
    pub(crate) fn newest(&self, limit: usize, fits: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        self.shelf().entries().rev().filter(|entry| fits(entry)).take(limit).cloned().collect()
    }

    /// What is held, in numbers.
    pub(crate) fn held(&self) -> Held {
        let shelf = self.shelf();
        Held { held: shelf.entries().len(), bound: HELD, dropped: shelf.dropped }
    }

    /// Who calls whom, as of `now`.
    pub(crate) fn map(&self, now: SystemTime) -> ServiceMap {
        let calls = self.calls().shown();
        ServiceMap::of(self.shelf().entries().rev(), calls, now)
    }

    /// Waits until something has changed after `revision`. `false` is the end: the record is closed.
    pub(crate) async fn changed_after(&self, revision: u64) -> bool {
        loop {
            let mut changed = std::pin::pin!(self.0.changed.notified());
            // Listening before looking: what changes in between is not missed.
            changed.as_mut().enable();
            if self.0.closed.load(Ordering::Acquire) {
                return false;
            }
            if self.shelf().revision() > revision {
                return true;
            }
            changed.await;
        }
    }

    /// Ends everybody's waiting: the console stops.
    pub(crate) fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
        self.tell();
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // Nothing that is done under the lock leaves a shelf half changed.
        self.0.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn a_trace_that_came_through_no_gateway_is_listed_once_and_not_after_it_fell_off() {
        let requests = Requests::default();
        let trace = TraceId::new([9; 16]);
        for _ in 0..2 {
            requests.note(trace, Some(Alone::init(7)), |entry| entry.has(Plane::Honeycomb));
        }
        let listed = requests.newest(10, |_| true);
        assert_eq!(listed.len(), 1, "{listed:?}");
        assert_eq!((&*listed[0].path, listed[0].outcome, listed[0].planes), ("init", Outcome::Error, 2));
        let now = UNIX_EPOCH + std::time::Duration::from_millis(8);
        for number in 0..u128::try_from(HELD).unwrap() {
            let trace = TraceId::new(number.to_be_bytes());
            requests.open(Asked { trace, method: "GET", path: "/", now }).answered(200, std::time::Duration::ZERO);
        }
        assert_eq!(requests.held(), Held { held: HELD, bound: HELD, dropped: 1 });
        requests.note(trace, Some(Alone::init(7)), |_| panic!("it has fallen off"));
        assert_eq!(requests.held().dropped, 1);
    }
}
