//! Fault injection: the ways in which a fake can fail, and the plans that say when.

mod faults;
mod kind;
mod plan;
mod rng;

pub use faults::{Faults, UnsupportedFault};
pub use kind::{Fault, RetryAfter};
pub use plan::{Calls, Plan};
