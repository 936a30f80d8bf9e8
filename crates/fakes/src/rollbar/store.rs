//! What Rollbar's fake keeps: items by arrival, and the uuids that came twice.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

use super::Item;
use crate::bounded_log::BoundedLog;
use crate::{CallLog, Delivery, KeyMark, TraceId};

/// What was taken so far.
#[derive(Debug)]
pub struct RollbarStore {
    call_log: CallLog,
    log: BoundedLog<Arc<Item>>,
    by_uuid: HashMap<String, Arc<Item>>,
    taken: u64,
    repeated: u64,
    unexcused: u64,
}

impl RollbarStore {
    pub(super) fn new(bytes: usize) -> Self {
        Self {
            call_log: CallLog::default(),
            log: BoundedLog::new(bytes),
            by_uuid: HashMap::new(),
            taken: 0,
            repeated: 0,
            unexcused: 0,
        }
    }

    /// Calls, rejections, violations, deliveries.
    #[must_use]
    pub fn call_log(&self) -> &CallLog {
        &self.call_log
    }

    /// Items taken, each uuid once.
    #[must_use]
    pub fn item_count(&self) -> u64 {
        self.taken
    }

    /// Items whose uuid had come before: answered 200, and thrown away.
    #[must_use]
    pub fn duplicate_items(&self) -> u64 {
        self.repeated
    }

    /// Those among the repeated whose first coming had been answered.
    #[must_use]
    pub fn unexpected_duplicates(&self) -> u64 {
        self.unexcused
    }

    /// Items that fell off the log to make room.
    #[must_use]
    pub fn evicted_items(&self) -> u64 {
        self.log.dropped()
    }

    /// How many bytes what is kept takes, by a generous estimate.
    #[must_use]
    pub fn bytes_kept(&self) -> usize {
        self.log.bytes()
    }

    /// All items that are kept, oldest first.
    pub fn items(&self) -> impl DoubleEndedIterator<Item = &Item> {
        self.log.iter().map(AsRef::as_ref)
    }

    /// The item with this uuid.
    #[must_use]
    pub fn item(&self, uuid: &str) -> Option<&Item> {
        self.by_uuid.get(uuid).map(AsRef::as_ref)
    }

    /// The items that name this trace, oldest first.
    pub fn items_of(&self, trace_id: TraceId) -> impl DoubleEndedIterator<Item = &Item> {
        self.items().filter(move |item| item.trace_id == Some(trace_id))
    }

    pub(super) fn ledger_mut(&mut self) -> &mut CallLog {
        &mut self.call_log
    }

    /// Takes an item, or throws it away if its uuid is known; answers with its uuid either way.
    pub(super) fn take(
        &mut self,
        body: &Value,
        raw: String,
        token: KeyMark,
        now: SystemTime,
    ) -> (String, Arc<Delivery>) {
        let delivery = self.call_log.open_delivery();
        let item = Arc::new(Item::new(body, raw, token, now, Arc::clone(&delivery)));
        let uuid = item.uuid.clone();
        if let Some(known) = self.by_uuid.get(&uuid) {
            self.repeated += 1;
            self.unexcused += u64::from(known.delivery.was_answered());
        } else {
            self.taken += 1;
            self.by_uuid.insert(uuid.clone(), Arc::clone(&item));
            let bytes = item.bytes();
            for fallen in self.log.put(item, bytes) {
                self.by_uuid.remove(&fallen.uuid);
            }
        }
        (uuid, delivery)
    }
}
