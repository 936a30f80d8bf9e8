//! Walks the ring from record to record, over pads, damaged records and holes (README, "Reading").

use std::sync::atomic::Ordering;

use super::{Found, ReadSide, Ring};
use crate::counter::Counter;
use crate::layout::{self, Word};

/// Decides which claims can no longer be committed.
pub(crate) trait Liveness {
    /// Returns the position up to which all claims from `position` on belong to dead writers;
    /// `None` while a writer may live that could commit at `position`.
    ///
    /// An implementation must load the tail before it tests whether a writer lives.
    fn dead_until(&self, ring: &Ring, position: u64) -> Option<u64>;
}

/// A walk over the ring.
pub(crate) struct Scan {
    /// The next position to look at.
    pub(crate) seen: u64,
}

impl Scan {
    /// Starts at the read cursor.
    pub(crate) fn new(side: &ReadSide) -> Self {
        Self { seen: side.ring().read().load(Ordering::Acquire) }
    }

    /// Returns the position of the next committed record; `None` until another one is committed.
    pub(crate) fn step(&mut self, side: &mut ReadSide, liveness: &dyn Liveness) -> Option<u64> {
        while self.seen < side.ring().tail_position() {
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

/// Returns where reading goes on after the hole at `position`: at `position` itself if it is not a
/// hole after all.
fn skip_hole(side: &mut ReadSide, position: u64, liveness: &dyn Liveness) -> Option<u64> {
    let bound = liveness.dead_until(side.ring(), position)?;
    // The writer may have committed after the first look, and then died.
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
