//! The store of Rollbar's fake: items in the order of arrival, and duplicate uuids.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

use super::item::Item;
use crate::bounded_log::BoundedLog;
use crate::{CallLog, Delivery, RedactedKey, TraceId};

/// What the fake accepted so far.
#[derive(Debug)]
pub struct RollbarStore {
    call_log: CallLog,
    items: BoundedLog<Arc<Item>>,
    by_uuid: HashMap<String, Arc<Item>>,
    item_count: u64,
    duplicates: u64,
    unexpected_duplicates: u64,
}

impl RollbarStore {
    pub(super) fn new(capacity_bytes: usize) -> Self {
        Self {
            call_log: CallLog::default(),
            items: BoundedLog::new(capacity_bytes),
            by_uuid: HashMap::new(),
            item_count: 0,
            duplicates: 0,
            unexpected_duplicates: 0,
        }
    }

    /// Returns the log of calls, rejections, violations and deliveries.
    #[must_use]
    pub fn call_log(&self) -> &CallLog {
        &self.call_log
    }

    /// Returns how many items were accepted, each uuid once.
    #[must_use]
    pub fn item_count(&self) -> u64 {
        self.item_count
    }

    /// Returns how many items had a known uuid. Like Rollbar, the fake answers 200 and discards
    /// them ("Create item").
    #[must_use]
    pub fn duplicate_items(&self) -> u64 {
        self.duplicates
    }

    /// Returns how many duplicate items arrived although their first delivery was answered.
    #[must_use]
    pub fn unexpected_duplicates(&self) -> u64 {
        self.unexpected_duplicates
    }

    /// Returns how many items were evicted to keep the store within its capacity.
    #[must_use]
    pub fn evicted_items(&self) -> u64 {
        self.items.evicted()
    }

    /// Returns how many bytes the stored items take, estimated generously.
    #[must_use]
    pub fn bytes_kept(&self) -> usize {
        self.items.weight()
    }

    /// Returns the stored items, oldest first.
    pub fn items(&self) -> impl DoubleEndedIterator<Item = &Item> {
        self.items.iter().map(AsRef::as_ref)
    }

    /// Returns the stored item with this uuid.
    #[must_use]
    pub fn item(&self, uuid: &str) -> Option<&Item> {
        self.by_uuid.get(uuid).map(AsRef::as_ref)
    }

    /// Returns the stored items of a trace, oldest first.
    pub fn items_of(&self, trace_id: TraceId) -> impl DoubleEndedIterator<Item = &Item> {
        self.items().filter(move |item| item.trace_id == Some(trace_id))
    }

    pub(super) fn call_log_mut(&mut self) -> &mut CallLog {
        &mut self.call_log
    }

    /// Stores an item, or discards it if its uuid is known. Returns its uuid in both cases.
    pub(super) fn add_item(
        &mut self,
        body: &Value,
        raw: String,
        token: RedactedKey,
        now: SystemTime,
    ) -> (String, Arc<Delivery>) {
        let delivery = self.call_log.open_delivery();
        let item = Arc::new(Item::new(body, raw, token, now, Arc::clone(&delivery)));
        let uuid = item.uuid.clone();
        if let Some(known) = self.by_uuid.get(&uuid) {
            self.duplicates += 1;
            self.unexpected_duplicates += u64::from(known.delivery.was_answered());
        } else {
            self.item_count += 1;
            self.by_uuid.insert(uuid.clone(), Arc::clone(&item));
            let bytes = item.stored_bytes();
            for evicted in self.items.push(item, bytes) {
                self.by_uuid.remove(&evicted.uuid);
            }
        }
        (uuid, delivery)
    }
}
