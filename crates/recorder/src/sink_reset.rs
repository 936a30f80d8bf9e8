//! Resets the batch numbers of sinks that got another name.

use crate::ring::{ReadSide, Ring};
use crate::sink::{PENDING, Sink, SinkName};

/// The sinks whose name in the file header is another one than the reader uses, until all their old
/// batch numbers are reset (README, "Sinks").
#[derive(Default)]
pub(crate) struct SinkReset {
    sinks: Vec<(Sink, SinkName)>,
    /// The batch numbers of records before this position are of no use.
    until: u64,
}

impl SinkReset {
    /// Begins to reset the sinks whose name differs: erases their names, then their
    /// acknowledgements.
    pub(crate) fn begin(ring: &Ring, names: Vec<(Sink, SinkName)>) -> Self {
        let mut sinks = names;
        sinks.retain(|(sink, name)| ring.sink_name(*sink) != *name);
        for (sink, _) in &sinks {
            ring.set_sink_name(*sink, SinkName::NONE);
            ring.reset_sink(*sink);
        }
        Self { sinks, until: ring.tail_position() }
    }

    /// Resets the batch numbers of a record that was read.
    pub(crate) fn reset_record(&self, side: &ReadSide, position: u64) {
        if position < self.until {
            self.sinks.iter().for_each(|(sink, _)| side.set_batch(position, *sink, PENDING));
        }
    }

    /// Stores the names once all old records were read. Before that, a restart begins again.
    pub(crate) fn finish(&mut self, ring: &Ring, seen: u64) {
        if seen >= self.until {
            self.sinks.drain(..).for_each(|(sink, name)| ring.set_sink_name(sink, name));
        }
    }
}
