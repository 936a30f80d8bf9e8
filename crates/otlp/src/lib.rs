//! The wire format of OTLP traces: writes protobuf into a buffer and reads spans without copying.
//!
#![doc = include_str!("../README.md")]

pub mod read;
mod types;
pub mod write;

pub use types::{Attribute, Event, PartialSuccess, Span, SpanKind, SpanSummary, Value};

#[cfg(test)]
mod tests;
