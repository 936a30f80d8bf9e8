//! A log of bounded size that evicts its oldest entries.

use std::collections::VecDeque;

/// A first-in, first-out log whose entries have a limited total weight.
///
/// The unit of a weight is the caller's choice: bytes, or 1 for each entry.
#[derive(Debug)]
pub struct BoundedLog<T> {
    entries: VecDeque<(T, usize)>,
    weight: usize,
    capacity: usize,
    evicted: u64,
}

impl<T> BoundedLog<T> {
    /// Creates an empty log whose entries may have this total weight.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { entries: VecDeque::new(), weight: 0, capacity, evicted: 0 }
    }

    /// Appends an entry and returns the entries that had to be evicted, oldest first.
    ///
    /// An entry that is heavier than the capacity is evicted itself.
    #[must_use]
    pub fn push(&mut self, entry: T, weight: usize) -> Vec<T> {
        self.entries.push_back((entry, weight));
        self.weight += weight;
        let mut evicted = Vec::new();
        while self.weight > self.capacity
            && let Some((entry, weight)) = self.entries.pop_front()
        {
            self.weight -= weight;
            self.evicted += 1;
            evicted.push(entry);
        }
        evicted
    }

    /// Returns the entries, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.entries.iter().map(|(entry, _)| entry)
    }

    /// Returns how many entries were evicted since the log was created.
    #[must_use]
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Returns the total weight of the entries.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entry_is_evicted_and_counted() {
        let mut log = BoundedLog::new(10);
        assert_eq!(log.push("a", 6), Vec::<&str>::new());
        assert_eq!(log.push("b", 6), ["a"]);
        assert_eq!((log.weight(), log.evicted()), (6, 1));
        assert_eq!(log.iter().copied().collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn an_entry_heavier_than_the_capacity_is_evicted_at_once() {
        let mut log = BoundedLog::new(10);
        assert_eq!(log.push("too heavy", 11), ["too heavy"]);
        assert_eq!(log.weight(), 0);
    }
}
