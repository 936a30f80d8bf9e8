//! Masks secrets and formats backtraces, JSON strings, timestamps and errors.
//!
#![doc = include_str!("../README.md")]

pub mod backtrace;
mod error_chain;
mod hex;
pub mod json;
mod scrub;
mod timestamp;

pub use error_chain::error_chain;
pub use hex::{hex, write_hex};
pub use scrub::{MASK, is_secret_key, scrub, scrub_query};
pub use timestamp::{timestamp, write_rfc3339_ms};
