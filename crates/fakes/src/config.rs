//! Settings that the configurations of several fakes share.

use std::time::SystemTime;

/// The clock of a fake. Tests pass a function that always returns the same time.
pub type Clock = fn() -> SystemTime;

/// Default capacity of a store: about ten thousand spans, small beside the rest of `cargo local`.
pub(crate) const DEFAULT_BYTES_KEPT: usize = 16 * 1024 * 1024;
