//! The configuration of Honeycomb's fake.

use std::time::SystemTime;

use super::key::{HoneycombKey, Region};
use crate::config::{Clock, DEFAULT_BYTES_KEPT};

/// Configures the fake of Honeycomb.
#[derive(Debug, Clone)]
pub struct HoneycombConfig {
    /// Capacity of the store in bytes. The oldest spans are evicted first.
    pub bytes_kept: usize,
    /// The keys that the fake accepts. It answers 401 to any other key.
    pub keys: Vec<HoneycombKey>,
    /// The region of the fake. A key of the other region is unknown here.
    pub region: Region,
    /// The clock for checks of span times and for `Retry-After` dates.
    pub clock: Clock,
}

impl Default for HoneycombConfig {
    fn default() -> Self {
        Self {
            bytes_kept: DEFAULT_BYTES_KEPT,
            keys: vec![HoneycombKey::local()],
            region: Region::Us,
            clock: SystemTime::now,
        }
    }
}
