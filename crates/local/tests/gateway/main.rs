//! The gateway as clients see it: bytes in, a real function behind it, bytes out.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

mod events;
mod gateway_errors;
mod limits;
mod responses;
mod segments;
mod support;
