//! The gateway at its edge: bytes in, a real function behind it, bytes out.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod answers;
mod events;
mod limits;
mod refusals;
mod segments;
mod support;
