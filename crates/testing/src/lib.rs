#![doc = include_str!("../README.md")]

pub mod address;
pub mod http;
pub mod process;
pub mod program;
pub mod rie;
pub mod wait;

use std::time::Duration;

/// How long a test waits for an event that takes milliseconds on a quiet machine.
///
/// It is far longer than any such event takes on a busy one. A test that waits this long has
/// failed.
pub const TIMEOUT: Duration = Duration::from_secs(60);
