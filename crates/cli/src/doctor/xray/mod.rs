//! Checks X-Ray of a deployed stack: the request's trace, the sampling rule and the group.

mod evaluate;
mod fetch;

pub(crate) use evaluate::evaluate;
pub(crate) use fetch::fetch;
