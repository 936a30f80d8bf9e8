//! Errors that end a replay.

use std::io;
use std::path::PathBuf;

use crudder_extension::{ConfigError, ReassemblyFull};

use super::progress_file::ProgressFileError;

/// Why the replay cannot continue.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    #[error("read {}", path.display())]
    Input {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    ProgressFile(#[from] ProgressFileError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    ReassemblyFull(#[from] ReassemblyFull),
}
