//! `crudder replay`, `trace` and `doctor` as their users meet them: the real binary, and stand-ins that answer as the vendors document.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod letters;
mod help;
mod replay;
mod support;
