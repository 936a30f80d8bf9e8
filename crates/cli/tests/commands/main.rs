//! Tests of replay, trace and doctor: the real binary against fakes of AWS, Honeycomb and Rollbar.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod dead_letters;
mod doctor;
mod fake_cloud;
mod help;
mod replay;
mod support;
mod trace;
