//! Which writers are alive, by the locks that they hold (README, "Reading").

use std::sync::atomic::Ordering;

use crate::file::RingFile;
use crate::layout;
use crate::ring::{Liveness, Ring};

impl Liveness for RingFile {
    fn dead_until(&self, ring: &Ring, position: u64) -> Option<u64> {
        // First the tail, then the locks: a writer that attaches after its slot was tested claims
        // behind this tail.
        let mut bound = ring.tail().load(Ordering::SeqCst);
        for slot in (0..layout::SLOTS).filter(|&slot| self.is_slot_alive(slot)) {
            match ring.opened_at(slot).load(Ordering::Acquire) {
                opened_at if opened_at <= position => return None,
                opened_at => bound = bound.min(opened_at),
            }
        }
        Some(bound)
    }
}
