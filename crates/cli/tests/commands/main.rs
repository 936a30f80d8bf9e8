//! Tests of `crudder replay`, `trace` and `doctor`: the real binary against fakes that respond as AWS, Honeycomb and
//! Rollbar document.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod dead_letters;
mod doctor;
mod fake_cloud;
mod help;
mod replay;
mod support;
mod trace;
