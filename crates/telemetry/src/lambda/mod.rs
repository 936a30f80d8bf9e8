//! Tower layers for functions on `lambda_runtime`.

mod observe;
mod runtime;

pub use observe::{ObserveLayer, Observed};
pub use runtime::{RuntimeFuture, RuntimeLayer, RuntimeService};
