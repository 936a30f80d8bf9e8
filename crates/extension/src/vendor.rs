//! The destinations that the extension exports to, and the sink of the ring that each of them is.

use crudder_recorder::Sink;

/// A destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum Vendor {
    Honeycomb = 0,
    Rollbar = 1,
    XRay = 2,
}

impl Vendor {
    pub(crate) const ALL: [Self; 3] = [Self::Honeycomb, Self::Rollbar, Self::XRay];

    pub(crate) fn sink(self) -> Sink {
        Sink::new(self as u8)
    }
}
