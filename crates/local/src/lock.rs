//! One `crudder local` to a data folder: a second one is told so, in place of two tables on one file.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The file that is locked. It stays when the lock goes: a file that is removed can be locked twice.
const FILE: &str = "lock";

/// The data folder, for as long as this lives.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    /// The system lets go of the lock when the file is closed, also when the process is killed.
    _lock: File,
}

/// The folder can't be had.
#[derive(Debug, thiserror::Error)]
pub enum DataFolderError {
    /// Somebody else has it.
    #[error("use the data folder {0}: another `crudder local` uses it (--data names another)")]
    InUse(PathBuf),
    /// It can't be made or written.
    #[error("use the data folder {path}")]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl DataFolder {
    /// Makes the folder if need be, and takes it.
    ///
    /// # Errors
    /// When it can't be made, or another process has it.
    pub fn lock(path: &Path) -> Result<Self, DataFolderError> {
        let unusable = |source| DataFolderError::Unusable { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(unusable)?;
        // Absolute, since the stage's processes have folders of their own.
        let path = path.canonicalize().map_err(unusable)?;
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).open(path.join(FILE)).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path, _lock: file }),
            Err(TryLockError::WouldBlock) => Err(DataFolderError::InUse(path)),
            Err(TryLockError::Error(source)) => Err(DataFolderError::Unusable { path, source }),
        }
    }

    /// Its absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_had_once_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/data");
        let first = DataFolder::lock(&path).unwrap();
        assert!(matches!(DataFolder::lock(&path), Err(DataFolderError::InUse(_))));
        drop(first);
        DataFolder::lock(&path).unwrap();
    }

    #[test]
    fn a_file_in_the_folders_place_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(DataFolder::lock(file.path()), Err(DataFolderError::Unusable { .. })));
    }
}
