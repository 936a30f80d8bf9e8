//! Checks X-Ray of a deployed stack: the trace of doctor's request, and that sampling rule and group match its name.

mod evaluate;
mod fetch;

pub(crate) use evaluate::evaluate;
pub(crate) use fetch::fetch;
