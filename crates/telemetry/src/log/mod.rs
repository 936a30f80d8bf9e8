//! The log: one line an event, on stdout, in one write.

mod fields;
mod layer;
mod line;
mod output;

pub(crate) use layer::Lines;
pub(crate) use output::Output;
