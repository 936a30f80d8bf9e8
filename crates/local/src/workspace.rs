//! Where the workspace is, from any folder inside it.

use std::io;
use std::path::{Path, PathBuf};

/// The file at the root that says what to serve.
pub const TEMPLATE: &str = "template.yaml";

/// There is no workspace around a folder.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// No folder up to the root of the file system holds the template.
    #[error("find {TEMPLATE} and Cargo.toml in {0} or a folder above it: run this inside Crudder's workspace")]
    NotFound(PathBuf),
    /// The present folder is gone.
    #[error("find the present folder")]
    Nowhere(#[source] io::Error),
}

/// The workspace around the present folder.
///
/// # Errors
/// When there is none.
pub fn find_root() -> Result<PathBuf, WorkspaceError> {
    find_root_above(&std::env::current_dir().map_err(WorkspaceError::Nowhere)?)
}

/// The nearest folder, `folder` or above, that holds both the template and a manifest.
///
/// # Errors
/// When there is none.
pub fn find_root_above(folder: &Path) -> Result<PathBuf, WorkspaceError> {
    let root = folder.ancestors().find(|above| above.join(TEMPLATE).is_file() && above.join("Cargo.toml").is_file());
    root.map(Path::to_owned).ok_or_else(|| WorkspaceError::NotFound(folder.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_found_from_below_and_not_from_beside() {
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
