//! Builds the binaries of the functions with cargo, or finds them in a folder.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

/// Binaries by their names.
pub type Binaries = BTreeMap<String, PathBuf>;

/// The binaries cannot be built or found.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Cargo cannot be run.
    #[error(
        "run {command} to build the functions: {cause}; install cargo, or pass --functions with a folder of binaries"
    )]
    Cargo {
        /// The command.
        command: PathBuf,
        /// The error of the system.
        cause: io::Error,
    },
    /// The build failed. Cargo has printed the cause.
    #[error("build the functions: cargo failed; see its output above")]
    Failed,
    /// The folder cannot be read.
    #[error("list the binaries in {folder}: {cause}; pass --functions with a folder of binaries")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The error of the system.
        cause: io::Error,
    },
}

/// Builds every binary of the workspace at `root`; cargo shows its own progress.
///
/// The command builds the whole workspace, as `cargo run` and `cargo test` do. With another choice
/// of packages, cargo would choose other features, and build the dependencies a second time.
///
/// # Errors
/// If cargo cannot be run, or the build fails.
pub async fn build(cargo: &Path, root: &Path, release: bool) -> Result<Binaries, BuildError> {
    let failed = |cause| BuildError::Cargo { command: cargo.to_owned(), cause };
    let mut command = Command::new(cargo);
    command.current_dir(root).args(["build", "--bins", "--message-format=json-render-diagnostics"]);
    if release {
        command.arg("--release");
    }
    // Cargo writes errors and progress to our standard error; only its messages are read here.
    let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn().map_err(failed)?;
    let stdout = process.stdout.take().ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?;
    let mut lines = BufReader::new(stdout).lines();
    let mut binaries = Binaries::new();
    while let Some(line) = lines.next_line().await.map_err(failed)? {
        binaries.extend(binary(&line));
    }
    let status = process.wait().await.map_err(failed)?;
    if status.success() { Ok(binaries) } else { Err(BuildError::Failed) }
}

/// Returns name and path if one of cargo's messages reports a built binary.
fn binary(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let kinds = message["target"]["kind"].as_array()?;
    if message["reason"] != "compiler-artifact" || !kinds.iter().any(|kind| kind == "bin") {
        return None;
    }
    Some((message["target"]["name"].as_str()?.to_owned(), message["executable"].as_str()?.into()))
}

/// Returns every file in `folder` by its name.
///
/// # Errors
/// If the folder cannot be read.
pub fn find(folder: &Path) -> Result<Binaries, BuildError> {
    let failed = |cause| BuildError::Folder { folder: folder.to_owned(), cause };
    // Absolute, because functions start in a folder of their own.
    let folder = folder.canonicalize().map_err(failed)?;
    let mut binaries = Binaries::new();
    for entry in std::fs::read_dir(&folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| path.is_file()) {
            binaries.insert(name.to_owned(), path.clone());
        }
    }
    Ok(binaries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_messages_yield_binaries_only() {
        let message =
            r#"{"reason":"compiler-artifact","target":{"kind":["bin"],"name":"messages"},"executable":"/t/messages"}"#;
        assert_eq!(binary(message), Some(("messages".to_owned(), "/t/messages".into())));
        for other in [
            r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"domain"},"executable":null}"#,
            r#"{"reason":"build-finished","success":true}"#,
            "warning: no JSON",
        ] {
            assert_eq!(binary(other), None, "{other}");
        }
    }

    #[test]
    fn a_missing_folder_is_named_in_the_error() {
        let message = find(Path::new("/nowhere/at/all")).unwrap_err().to_string();
        let wanted = "list the binaries in /nowhere/at/all: No such file or directory (os error 2); \
                      pass --functions with a folder of binaries";
        assert_eq!(message, wanted);
    }

    #[tokio::test]
    async fn a_missing_cargo_is_named_in_the_error() {
        let error = build(Path::new("/no/cargo"), Path::new("/"), false).await.unwrap_err();
        let wanted = "run /no/cargo to build the functions: No such file or directory (os error 2); \
                      install cargo, or pass --functions with a folder of binaries";
        assert_eq!(error.to_string(), wanted);
    }

    #[tokio::test]
    async fn a_failed_build_is_an_error() {
        assert!(matches!(build(Path::new("false"), Path::new("/"), false).await, Err(BuildError::Failed)));
    }
}
