//! Integration tests of the fakes over real sockets, with at least one test for each rule and
//! fault.

#![expect(clippy::unwrap_used, reason = "a helper that fails must fail its test")]

mod aws;
mod faults;
mod honeycomb;
mod malformed_input;
mod redaction;
mod rollbar;
mod secrets;
mod support;
mod xray;
