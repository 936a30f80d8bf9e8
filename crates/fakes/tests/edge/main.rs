//! The fakes from outside: real sockets, raw bytes, one test a rule or fault.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod aws;
mod faults;
mod garbage;
mod honeycomb;
mod privacy;
mod rollbar;
mod secrets;
mod support;
mod xray;
