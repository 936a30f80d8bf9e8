//! Text that a function and the extension both write: masked secrets, backtrace frames, JSON strings, timestamps.

pub mod backtrace;
pub mod json;
mod scrub;
mod timestamp;

pub use scrub::{MASK, is_secret_key, scrub, scrub_query};
pub use timestamp::{timestamp, write_rfc3339_ms};
