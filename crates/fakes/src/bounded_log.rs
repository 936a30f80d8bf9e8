//! A log: what was taken, newest last, bounded in bytes. What no longer fits falls off at the old end and is counted.

use std::collections::VecDeque;

/// Things in the order of their arrival, within a number of bytes.
#[derive(Debug)]
pub struct BoundedLog<T> {
    things: VecDeque<(T, usize)>,
    bytes: usize,
    room: usize,
    dropped: u64,
}

impl<T> BoundedLog<T> {
    /// Creates an empty log that holds at most `room` bytes.
    #[must_use]
    pub fn new(room: usize) -> Self {
        Self { things: VecDeque::new(), bytes: 0, room, dropped: 0 }
    }

    /// Puts a thing of `bytes` down and returns what had to fall off for it: possibly the thing itself, if it is larger than the log.
    #[must_use]
    pub fn put(&mut self, thing: T, bytes: usize) -> Vec<T> {
        self.things.push_back((thing, bytes));
        self.bytes += bytes;
        let mut fallen = Vec::new();
        while self.bytes > self.room
            && let Some((thing, bytes)) = self.things.pop_front()
        {
            self.bytes -= bytes;
            self.dropped += 1;
            fallen.push(thing);
        }
        fallen
    }

    /// Returns what the log holds, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.things.iter().map(|(thing, _)| thing)
    }

    /// Returns how many things no longer fitted.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Returns how many bytes the log holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_falls_off_and_is_counted() {
        let mut log = BoundedLog::new(10);
        assert_eq!(log.put("a", 6), Vec::<&str>::new());
        assert_eq!(log.put("b", 6), ["a"]);
        assert_eq!((log.bytes(), log.dropped()), (6, 1));
        assert_eq!(log.iter().copied().collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn a_thing_larger_than_the_shelf_does_not_stay() {
        let mut log = BoundedLog::new(10);
        assert_eq!(log.put("whale", 11), ["whale"]);
        assert_eq!(log.bytes(), 0);
    }
}
