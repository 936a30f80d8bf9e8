//! `crudder local` as its users meet it: a process that prints where it is, serves, and ends with everything that it started.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod command;
mod console;
mod ends;
mod refusals;
mod sees;
mod serves;
