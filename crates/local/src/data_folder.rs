//! The data folder and its lock: two `crudder local` must not open one table file.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The locked file. It stays when the lock is released: a removed file could be locked twice.
const FILE: &str = "lock";

/// The data folder, locked for as long as this value lives.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    /// The system releases the lock when the file is closed, even if the process is killed.
    _lock: File,
}

/// The data folder cannot be locked.
#[derive(Debug, thiserror::Error)]
pub enum DataFolderError {
    /// Another process holds the lock.
    #[error("lock the data folder {0}: another `crudder local` uses it; stop it, or choose another folder with --data")]
    InUse(PathBuf),
    /// The folder cannot be created or written.
    #[error("use the data folder {path}: {cause}; check its permissions, or choose another folder with --data")]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// The error of the system.
        cause: io::Error,
    },
}

impl DataFolder {
    /// Creates the folder if it does not exist, and locks it.
    ///
    /// # Errors
    /// If the folder cannot be created, or another process has locked it.
    pub fn lock(path: &Path) -> Result<Self, DataFolderError> {
        let unusable = |cause| DataFolderError::Unusable { path: path.to_owned(), cause };
        fs::create_dir_all(path).map_err(unusable)?;
        // Absolute, because the emulator's processes run in folders of their own.
        let path = path.canonicalize().map_err(unusable)?;
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).open(path.join(FILE)).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path, _lock: file }),
            Err(TryLockError::WouldBlock) => Err(DataFolderError::InUse(path)),
            Err(TryLockError::Error(cause)) => Err(DataFolderError::Unusable { path, cause }),
        }
    }

    /// Returns the absolute path of the folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_locked_once_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/data");
        let first = DataFolder::lock(&path).unwrap();
        assert!(matches!(DataFolder::lock(&path), Err(DataFolderError::InUse(_))));
        drop(first);
        DataFolder::lock(&path).unwrap();
    }

    #[test]
    fn a_file_in_place_of_the_folder_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(DataFolder::lock(file.path()), Err(DataFolderError::Unusable { .. })));
    }
}
