//! What waits for its batch, with its sums at hand: they are asked for at every invocation, when a second of dense traffic may be queued.

use std::collections::VecDeque;

use crate::unit::Unit;

/// Units in the order in which they leave.
#[derive(Default)]
pub(super) struct Queue {
    units: VecDeque<Unit>,
    sums: Sums,
}

#[derive(Default)]
struct Sums {
    bytes: usize,
    errors: usize,
    in_doubt: usize,
}

impl Sums {
    fn add(&mut self, unit: &Unit) {
        self.bytes += unit.bytes();
        self.errors += usize::from(unit.has_error);
        self.in_doubt += usize::from(unit.in_doubt);
    }

    fn subtract(&mut self, unit: &Unit) {
        self.bytes -= unit.bytes();
        self.errors -= usize::from(unit.has_error);
        self.in_doubt -= usize::from(unit.in_doubt);
    }
}

impl Queue {
    pub(super) fn push_back(&mut self, unit: Unit) {
        self.sums.add(&unit);
        self.units.push_back(unit);
    }

    pub(super) fn push_front(&mut self, unit: Unit) {
        self.sums.add(&unit);
        self.units.push_front(unit);
    }

    pub(super) fn pop_front(&mut self) -> Option<Unit> {
        self.units.pop_front().inspect(|unit| self.sums.subtract(unit))
    }

    pub(super) fn front(&self) -> Option<&Unit> {
        self.units.front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// About how much of a request all of it takes.
    pub(super) fn bytes(&self) -> usize {
        self.sums.bytes
    }

    pub(super) fn has_error(&self) -> bool {
        self.sums.errors > 0
    }

    pub(super) fn has_doubt(&self) -> bool {
        self.sums.in_doubt > 0
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Unit> {
        self.units.iter()
    }

    /// The positions of all records of all units.
    pub(super) fn positions_mut(&mut self) -> impl Iterator<Item = &mut u64> {
        self.units.iter_mut().flat_map(Unit::positions_mut)
    }

    /// Takes out what a former life may have delivered.
    pub(super) fn take_doubtful(&mut self) -> Vec<Unit> {
        let (doubtful, rest) = self.take_all().partition(|unit| unit.in_doubt);
        for unit in rest {
            self.push_back(unit);
        }
        doubtful
    }

    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Unit> + use<> {
        std::mem::take(self).units.into_iter()
    }
}
