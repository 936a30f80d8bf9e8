//! What a run did to function, extension and environments, and the outcomes of its requests.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crudder_fakes::TraceId;

#[derive(Default)]
pub(crate) struct Summary {
    pub(crate) killed_functions: u64,
    pub(crate) killed_extensions: u64,
    /// The error types of requests that the platform reported as failed.
    pub(crate) died: BTreeMap<TraceId, String>,
    pub(crate) answered: u64,
    /// The folders of discarded environments.
    pub(crate) discarded: Vec<PathBuf>,
    pub(crate) longest: Duration,
}
