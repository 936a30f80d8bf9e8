//! Dead letters: batches that could not be delivered, as log lines that `crudder replay` delivers
//! later.

mod reassemble;
mod redeliver;
mod replay;
mod write;

pub use reassemble::{Added, DeadLetter, Part, Reassembler, ReassemblyFull};
pub use redeliver::{Redeliverer, Undelivered};
pub use replay::{Replayed, replay};
pub(crate) use write::print;
