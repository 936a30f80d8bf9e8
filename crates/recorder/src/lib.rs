//! A flight recorder: a ring of records in a memory-mapped file that one process reads and others
//! write.
//!
#![doc = include_str!("../README.md")]

#[forbid(unsafe_code)]
mod counter;
#[forbid(unsafe_code)]
mod doorbell;
mod exit_hook;
mod file;
#[forbid(unsafe_code)]
mod kind;
#[forbid(unsafe_code)]
mod layout;
#[forbid(unsafe_code)]
mod open_error;
#[forbid(unsafe_code)]
mod payload;
#[forbid(unsafe_code)]
mod reader;
mod region;
mod ring;
#[forbid(unsafe_code)]
mod sink;
#[forbid(unsafe_code)]
mod sink_reset;
#[forbid(unsafe_code)]
mod stats;
#[forbid(unsafe_code)]
mod writer;
#[forbid(unsafe_code)]
mod writer_id;

pub use counter::Counter;
pub use doorbell::{Doorbell, doorbell_path};
pub use kind::Kind;
pub use layout::{DEFAULT_BYTES, MAX_BYTES, MIN_BYTES, VERSION};
pub use open_error::OpenError;
pub use payload::{
    DatagramSent, DeathCause, DeathRecord, InvocationEnded, InvocationStarted, Malformed, Outcome, ProcessStarted,
    SpanIds,
};
pub use reader::Reader;
pub use ring::{Dropped, Record};
pub use sink::{PENDING, SKIPPED, Sink};
pub use stats::Stats;
pub use writer::Writer;
pub use writer_id::WriterId;
