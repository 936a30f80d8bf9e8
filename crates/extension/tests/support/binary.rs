//! The extension's binary, which the package `layer` builds.

use std::path::{Path, PathBuf};

/// Returns the path of the extension beside the test's own executable, in the folder of the build
/// profile.
pub(crate) fn extension() -> PathBuf {
    built("crudder-extension", "cargo build --bin crudder-extension")
}

/// Returns the path of a binary of this workspace that Cargo does not build for this test.
/// `command` builds it.
pub(crate) fn built(name: &str, command: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    // The test itself lies in the folder `deps`, or `deps` of `examples`.
    let profile = test.parent().and_then(Path::parent).expect("Cargo's layout");
    let path = profile.join(name);
    assert!(
        path.is_file(),
        "{} is not built: run `{command}` first, or `cargo test` of the whole workspace",
        path.display()
    );
    path
}
