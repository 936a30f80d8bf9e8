//! The console's page as people use it: the real `crudder local`, driven in headless Chromium. Needs Debian's `chromium` and `chromium-driver`:
//! `make browser`.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "../local/command.rs"]
#[expect(dead_code, reason = "written for the tests of the command, of which this takes what it needs")]
mod command;
mod driver;
mod faults;
mod keys;
mod looks;
mod many;
mod page;
mod posts;
