//! Tests of `crudder local` as a process: it prints its addresses, serves, and stops with everything that it started.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod console;
mod local_process;
mod other_commands;
mod serving;
mod shutdown;
mod startup_errors;
