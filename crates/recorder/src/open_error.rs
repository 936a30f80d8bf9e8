//! The error of opening a ring.

use std::io;
use std::path::PathBuf;

use crate::layout;
use crate::sink::Sink;

/// The reason why a ring cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file cannot be created, opened, allocated or mapped, for example because its directory
    /// is read-only.
    #[error("failed to open the recorder {path}")]
    Unusable {
        /// The ring file.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: io::Error,
    },
    /// The file system has no space for the file. The file is allocated in full when it is created,
    /// because a write to a mapped file on a full disk raises SIGBUS.
    #[error("failed to allocate {bytes} bytes for the recorder {path}: no space left")]
    NoSpace {
        /// The ring file.
        path: PathBuf,
        /// The size of the whole file.
        bytes: u64,
    },
    /// Another version of this crate created the file.
    #[error("the recorder {path} has layout version {found}, but this program uses version {}", layout::VERSION)]
    OtherVersion {
        /// The ring file.
        path: PathBuf,
        /// The version of the file.
        found: u32,
    },
    /// The file is not a ring file, or its header is inconsistent.
    #[error("{path} is not a recorder, or it is damaged")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Another process has this ring open for reading.
    #[error("the recorder {path} already has a reader")]
    ReaderBusy {
        /// The ring file.
        path: PathBuf,
    },
    /// The names of the sinks are invalid: more than seven, or one that is empty, longer than 16
    /// bytes, has a zero byte, or occurs twice.
    #[error("invalid sinks for the recorder {path}: expected at most {} different names of 1 to 16 bytes", Sink::COUNT)]
    InvalidSinks {
        /// The ring file.
        path: PathBuf,
    },
    /// Each writer slot belongs to a living process.
    #[error("the recorder {path} already has {} writers", layout::SLOTS)]
    NoWriterSlot {
        /// The ring file.
        path: PathBuf,
    },
}
