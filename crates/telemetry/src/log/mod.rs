//! The log: one line per event on standard output, in one write.

mod buffers;
mod fields;
mod layer;
mod line;
mod output;
mod text;

pub(crate) use layer::Lines;
pub(crate) use output::Output;
