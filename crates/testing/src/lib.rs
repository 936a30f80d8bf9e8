//! Support that the tests of all crates share.

use std::time::Duration;

/// How long a test waits for something that happens within milliseconds on a quiet machine.
pub const TIMEOUT: Duration = Duration::from_secs(60);
