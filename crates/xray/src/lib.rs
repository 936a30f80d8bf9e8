//! X-Ray documents, written straight from borrowed spans. Function and layer share this writer: it knows neither the SDK nor
//! Lambda.
//!
//! The facts are those of the X-Ray Developer Guide, "Segment documents" and "Sending trace data".

mod attributes;
mod blocks;
mod cause;
mod daemon;
mod document;
mod json;
mod names;
mod tree;

/// The prefix of attributes that X-Ray indexes: `annotation.handle` becomes the annotation `handle`.
pub const ANNOTATION_PREFIX: &str = "annotation.";

pub use crudder_otlp::{Attribute, Event, Span, SpanKind, Value};
pub use daemon::Daemon;
pub use tree::{MAX_DATAGRAM_BYTES, write_datagrams};

/// An id made of a span's: the same whoever writes it, however often. (The finaliser of SplitMix64.)
fn mixed_id(span: u64, number: u64) -> u64 {
    let mut mixed = span.wrapping_add((number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
