//! `crudder replay`, `trace` and `doctor` as their users meet them: the real binary, and fakes that answer as the vendors document.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod cloud;
mod doctor;
mod help;
mod letters;
mod replay;
mod support;
mod trace;
