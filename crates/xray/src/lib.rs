//! X-Ray segment documents, the X-Ray trace header, and a socket to the X-Ray daemon.
//!
#![doc = include_str!("../README.md")]

mod annotations;
mod attributes;
mod aws;
mod cause;
mod daemon;
mod daemon_address;
mod document;
mod http;
mod json;
mod metadata;
mod names;
mod trace_header;
mod tree;

pub use crudder_otlp::{Attribute, Event, Span, SpanKind, Value};
pub use daemon::Daemon;
pub use daemon_address::daemon_address;
pub use trace_header::{ParseError, Sampling, TraceHeader, TraceId};
pub use tree::{MAX_DATAGRAM_BYTES, write_datagrams};

/// The prefix of attributes that become annotations, which X-Ray indexes: `annotation.handle`
/// becomes `handle`.
pub const ANNOTATION_PREFIX: &str = "annotation.";

/// Returns an id that depends only on the span id and the number, so that each writer derives the
/// same one.
///
/// This is the finaliser of SplitMix64.
fn derived_id(span: u64, number: u64) -> u64 {
    let mut mixed = span.wrapping_add((number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
