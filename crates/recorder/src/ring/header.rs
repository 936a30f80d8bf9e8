//! The fields of the file header, as atomics.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::Ring;
use crate::layout;
use crate::sink::{BEFORE_FIRST_BATCH, SINK_NAME_BYTES, Sink, SinkName};

impl Ring {
    #[inline]
    pub(crate) fn tail(&self) -> &AtomicU64 {
        self.region.atomic64(layout::AT_TAIL)
    }

    #[inline]
    pub(crate) fn free(&self) -> &AtomicU64 {
        self.region.atomic64(layout::AT_FREE)
    }

    pub(crate) fn read(&self) -> &AtomicU64 {
        self.region.atomic64(layout::AT_READ)
    }

    pub(crate) fn tail_position(&self) -> u64 {
        self.tail().load(Ordering::Acquire)
    }

    pub(crate) fn wake_up(&self) -> &AtomicU32 {
        self.region.atomic32(layout::AT_WAKE_UP)
    }

    pub(crate) fn acknowledged(&self, sink: Sink) -> &AtomicU64 {
        self.region.atomic64(layout::AT_SINKS + sink.index() * layout::SINK_BYTES)
    }

    pub(crate) fn attempted(&self, sink: Sink) -> &AtomicU64 {
        self.region.atomic64(layout::AT_SINKS + sink.index() * layout::SINK_BYTES + 8)
    }

    /// Resets `acknowledged` and `attempted` of a sink to the values of a new ring.
    pub(crate) fn reset_sink(&self, sink: Sink) {
        self.acknowledged(sink).store(BEFORE_FIRST_BATCH, Ordering::Release);
        self.attempted(sink).store(BEFORE_FIRST_BATCH, Ordering::Release);
    }

    pub(crate) fn sink_name(&self, sink: Sink) -> SinkName {
        SinkName::from_words([0, 1].map(|word| self.sink_name_word(sink, word).load(Ordering::Acquire)))
    }

    /// Stores a name. The word with its first character is erased first and written last, so that a
    /// reader that is killed in between leaves a name that is not valid.
    pub(crate) fn set_sink_name(&self, sink: Sink, name: SinkName) {
        let [first, second] = name.words();
        self.sink_name_word(sink, 0).store(0, Ordering::Release);
        self.sink_name_word(sink, 1).store(second, Ordering::Release);
        self.sink_name_word(sink, 0).store(first, Ordering::Release);
    }

    fn sink_name_word(&self, sink: Sink, word: usize) -> &AtomicU64 {
        self.region.atomic64(layout::AT_SINK_NAMES + sink.index() * SINK_NAME_BYTES + word * 8)
    }

    pub(crate) fn counter(&self, index: usize) -> &AtomicU64 {
        self.region.atomic64(layout::AT_COUNTERS + index * 8)
    }

    pub(crate) fn reported(&self, index: usize) -> &AtomicU64 {
        self.region.atomic64(layout::AT_REPORTED + index * 8)
    }

    pub(crate) fn opened_at(&self, slot: u32) -> &AtomicU64 {
        self.region.atomic64(layout::AT_SLOTS + slot as usize * layout::SLOT_BYTES)
    }

    pub(crate) fn generation(&self, slot: u32) -> &AtomicU32 {
        self.region.atomic32(layout::AT_SLOTS + slot as usize * layout::SLOT_BYTES + 8)
    }
}
