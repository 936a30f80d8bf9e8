//! The items that wait for their batch. Their totals are kept up to date, because they are needed
//! at every invocation, when a second of dense traffic may be queued.

use std::collections::VecDeque;

use crate::exporters::Item;

/// Items in the order in which they are sent.
#[derive(Default)]
pub(super) struct ItemQueue {
    items: VecDeque<Item>,
    totals: Totals,
}

#[derive(Default)]
struct Totals {
    bytes: usize,
    errors: usize,
    in_doubt: usize,
}

impl Totals {
    fn add(&mut self, item: &Item) {
        self.bytes += item.bytes();
        self.errors += usize::from(item.has_error);
        self.in_doubt += usize::from(item.in_doubt);
    }

    fn subtract(&mut self, item: &Item) {
        self.bytes -= item.bytes();
        self.errors -= usize::from(item.has_error);
        self.in_doubt -= usize::from(item.in_doubt);
    }
}

impl ItemQueue {
    pub(super) fn push_back(&mut self, item: Item) {
        self.totals.add(&item);
        self.items.push_back(item);
    }

    pub(super) fn push_front(&mut self, item: Item) {
        self.totals.add(&item);
        self.items.push_front(item);
    }

    pub(super) fn pop_front(&mut self) -> Option<Item> {
        self.items.pop_front().inspect(|item| self.totals.subtract(item))
    }

    pub(super) fn front(&self) -> Option<&Item> {
        self.items.front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Returns about how many bytes of a request all items take.
    pub(super) fn bytes(&self) -> usize {
        self.totals.bytes
    }

    pub(super) fn has_error(&self) -> bool {
        self.totals.errors > 0
    }

    pub(super) fn has_doubt(&self) -> bool {
        self.totals.in_doubt > 0
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Item> {
        self.items.iter()
    }

    /// Returns the positions of all records of all items.
    pub(super) fn positions_mut(&mut self) -> impl Iterator<Item = &mut u64> {
        self.items.iter_mut().flat_map(Item::positions_mut)
    }

    /// Removes and returns the items that an earlier extension process may have exported.
    pub(super) fn take_doubtful(&mut self) -> Vec<Item> {
        let (doubtful, rest) = self.take_all().partition(|item| item.in_doubt);
        for item in rest {
            self.push_back(item);
        }
        doubtful
    }

    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Item> + use<> {
        std::mem::take(self).items.into_iter()
    }
}
