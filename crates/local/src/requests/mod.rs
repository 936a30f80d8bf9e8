//! The gateway's record of the newest requests, with what each destination received for the trace.
//!
//! The gateway adds an entry before any other part can mention the trace. So a subscriber to a
//! destination always finds the entry, and adds to it what the destination received. Each change
//! gives the entry a new revision. With the last revision that it knows, a page requests the
//! changes that it has not seen.

mod entry;
mod handle;
mod map;
mod orphan;
mod outcome;
mod percentile;
mod record;
mod store;
mod subscriber;
#[cfg(test)]
mod tests;

pub(crate) use entry::{Entry, NewRequest};
pub(crate) use handle::RequestHandle;
pub use record::Requests;
pub(crate) use subscriber::subscribe;
