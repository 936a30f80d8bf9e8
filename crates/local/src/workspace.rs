//! Finds the root of the workspace from any folder inside it.

use std::io;
use std::path::{Path, PathBuf};

/// The file at the root that defines what is served.
pub const TEMPLATE: &str = "template.yaml";

/// There is no workspace around a folder.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// No folder up to the root of the file system holds the template and a manifest.
    #[error(
        "find the workspace: neither {0} nor a folder above it holds {TEMPLATE} and Cargo.toml; \
         run this inside Crudder's workspace"
    )]
    NotFound(PathBuf),
    /// The current folder does not exist any more.
    #[error("find the current folder")]
    NoCurrentFolder(#[source] io::Error),
}

/// Returns the root of the workspace around the current folder.
///
/// # Errors
/// If there is none.
pub fn find_root() -> Result<PathBuf, WorkspaceError> {
    find_root_above(&std::env::current_dir().map_err(WorkspaceError::NoCurrentFolder)?)
}

/// Returns the nearest folder, `folder` or above, that holds both the template and a manifest.
///
/// # Errors
/// If there is none.
pub fn find_root_above(folder: &Path) -> Result<PathBuf, WorkspaceError> {
    let root = folder.ancestors().find(|above| above.join(TEMPLATE).is_file() && above.join("Cargo.toml").is_file());
    root.map(Path::to_owned).ok_or_else(|| WorkspaceError::NotFound(folder.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_found_from_inside_and_not_from_outside() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("root/crates/local");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(inner.join("Cargo.toml"), "").unwrap();
        for file in [TEMPLATE, "Cargo.toml"] {
            std::fs::write(folder.path().join("root").join(file), "").unwrap();
        }
        assert_eq!(find_root_above(&inner).unwrap(), folder.path().join("root"));
        assert!(matches!(find_root_above(folder.path()), Err(WorkspaceError::NotFound(_))));
    }
}
