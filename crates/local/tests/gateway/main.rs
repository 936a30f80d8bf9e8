//! The gateway at its edge: bytes in, a real function behind it, bytes out.

mod answers;
mod events;
mod house;
mod limits;
mod refusals;
mod segments;
