//! The flight recorder: a ring in a file of `/tmp` that a function writes and the layer reads, each living on when the other dies.
//!
//! A record leaves the process when it is written: a committed record is in memory that outlives its writer, however that ends.
//! Writing takes no lock, no system call and no allocation, and never waits; a full ring drops and counts.
//! `docs/delivery.md` is the protocol that this crate is half of; "D1" to "D8" in comments are its sections.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("crudder.recorder");
//! use crudder_recorder::{DEFAULT_BYTES, Kind, Reader, Writer};
//!
//! let mut reader = Reader::open(&path, DEFAULT_BYTES)?;
//! let writer = Writer::open(&path, DEFAULT_BYTES)?;
//! writer.write(Kind::SpanStarted, 1, &[b"ids", b"payload"])?;
//! let record = reader.read().expect("one record was written");
//! assert_eq!(record.payload, b"idspayload");
//! let end = record.end;
//! reader.free_until(end);
//! # Ok(()) }
//! ```

#[forbid(unsafe_code)]
mod doorbell;
mod exit_hook;
mod file;
#[forbid(unsafe_code)]
mod layout;
#[forbid(unsafe_code)]
mod payload;
#[forbid(unsafe_code)]
mod reader;
mod region;
mod ring;
#[forbid(unsafe_code)]
mod scan;
#[forbid(unsafe_code)]
mod writer;

#[cfg(test)]
mod ring_tests;

pub use doorbell::{Doorbell, doorbell_path};
pub use file::OpenError;
pub use layout::{Counter, DEFAULT_BYTES, Kind, Sink, VERSION, WriterId};
pub use payload::{
    DatagramSent, DeathCause, DeathRecord, InvocationEnded, InvocationStarted, Malformed, Outcome, ProcessStarted,
    SpanIds,
};
pub use reader::{Reader, Stats};
pub use ring::{Dropped, PENDING, Record, SKIPPED};
pub use writer::Writer;
