//! Tests of the console's page in headless Chromium with the real `crudder local`.
//!
//! They need Debian's `chromium` and `chromium-driver`. Run them with `make browser`.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod driver;
mod faults;
mod keyboard;
mod layout;
mod load;
#[path = "../local/local_process.rs"]
#[expect(dead_code, reason = "shared with the tests of `crudder local`, which use more of it")]
mod local_process;
mod page;
mod posts;
