//! Walks the ring from record to record, over pads, damaged records and the holes that dead writers left (D2).

use std::sync::atomic::Ordering;

use crate::layout::{self, Counter, Word};
use crate::ring::{Found, ReadSide, Ring};

/// Says how far the writers that could still commit at or before a position are all dead: `None` while one may live.
/// It must have loaded the tail before it tested anyone's life.
pub(crate) trait Liveness {
    fn dead_until(&self, ring: &Ring, position: u64) -> Option<u64>;
}

pub(crate) struct Scan {
    /// Where the next look goes; everything before it has been seen.
    pub(crate) seen: u64,
}

impl Scan {
    pub(crate) fn new(side: &ReadSide) -> Self {
        Self { seen: side.ring().read().load(Ordering::Acquire) }
    }

    /// The next committed record's position, or `None` until more is committed.
    pub(crate) fn step(&mut self, side: &mut ReadSide, liveness: &dyn Liveness) -> Option<u64> {
        while self.seen < side.ring().tail().load(Ordering::Acquire) {
            let position = self.seen;
            let (length, is_record) = match side.inspect(position) {
                Found::Record(record) => (record.end - position, true),
                Found::Pad { length } => (length, false),
                Found::Damaged { length } => {
                    count(side.ring(), Counter::Damaged);
                    side.fill_pad(position, position + length);
                    (length, false)
                }
                Found::Nothing => (skip_hole(side, position, liveness)? - position, false),
            };
            self.seen = position + length;
            if is_record {
                return Some(position);
            }
        }
        None
    }
}

/// Where reading goes on after the hole at `position`: the position itself when it turned out to be none.
fn skip_hole(side: &mut ReadSide, position: u64, liveness: &dyn Liveness) -> Option<u64> {
    let bound = liveness.dead_until(side.ring(), position)?;
    // Its writer may have committed, and died, after the first look.
    if side.inspect(position) != Found::Nothing {
        return Some(position);
    }
    let next = (position + layout::ALIGN..bound)
        .step_by(layout::ALIGN as usize)
        .find(|&at| matches!(side.peek(at), Word::Record { .. }) && matches!(side.inspect(at), Found::Record(_)))
        .unwrap_or(bound);
    count(side.ring(), Counter::Holes);
    side.fill_pad(position, next);
    Some(next)
}

fn count(ring: &Ring, counter: Counter) {
    ring.counter(counter as usize).fetch_add(1, Ordering::Relaxed);
}
