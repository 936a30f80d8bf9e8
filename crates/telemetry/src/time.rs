//! Times as OTLP and the recorder store them.

use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds since 1970; 64 bits last until 2554.
pub(crate) fn unix_nanoseconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
