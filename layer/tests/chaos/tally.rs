//! What was done to function, layer and environments, and what came back at once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crudder_fakes::TraceId;

#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) killed_functions: u64,
    pub(crate) killed_layers: u64,
    /// Requests that failed in the platform's eyes, and with which error.
    pub(crate) died: BTreeMap<TraceId, String>,
    pub(crate) answered: u64,
    /// The folders of environments that were taken away.
    pub(crate) discarded: Vec<PathBuf>,
    pub(crate) longest: Duration,
}
