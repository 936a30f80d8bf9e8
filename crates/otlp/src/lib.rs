//! The wire format of OTLP traces: protobuf primitives to write it, and a reader that borrows from the bytes.

mod read;
mod types;
pub mod write;

pub use read::*;
pub use types::*;
