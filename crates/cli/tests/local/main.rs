//! Tests of `crudder local` as a process.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod console;
mod local_process;
mod other_commands;
mod serving;
mod shutdown;
mod startup_errors;
