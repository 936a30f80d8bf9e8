//! Where the functions' binaries are: built by cargo, which shows its own progress, or taken from a folder.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

/// Binaries by their names.
pub type Binaries = BTreeMap<String, PathBuf>;

/// There are no binaries.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Cargo can't be started or heard.
    #[error("run {command} to build the functions")]
    Cargo {
        /// What was run.
        command: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Cargo said why on its own.
    #[error("build the functions: cargo says why above")]
    Failed,
    /// The folder can't be read.
    #[error("look for binaries in {folder}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// Builds every binary of the workspace at `root`. The command names nothing less than the whole workspace, as `cargo run` and `cargo test` do: with
/// another choice of packages, cargo would choose other features and build the dependencies a second time.
///
/// # Errors
/// When cargo can't be run or the build fails.
pub async fn build(cargo: &Path, root: &Path, release: bool) -> Result<Binaries, BuildError> {
    let unheard = |source| BuildError::Cargo { command: cargo.to_owned(), source };
    let mut command = Command::new(cargo);
    command.current_dir(root).args(["build", "--bins", "--message-format=json-render-diagnostics"]);
    if release {
        command.arg("--release");
    }
    // Errors and progress go where ours go; only the list of what was built is for us.
    let mut running =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn().map_err(unheard)?;
    let said = running.stdout.take().ok_or_else(|| unheard(io::ErrorKind::BrokenPipe.into()))?;
    let mut lines = BufReader::new(said).lines();
    let mut binaries = Binaries::new();
    while let Some(line) = lines.next_line().await.map_err(unheard)? {
        binaries.extend(built(&line));
    }
    let ended = running.wait().await.map_err(unheard)?;
    if ended.success() { Ok(binaries) } else { Err(BuildError::Failed) }
}

/// Name and path, where a message of cargo's says that a binary is there.
fn built(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let kinds = message["target"]["kind"].as_array()?;
    if message["reason"] != "compiler-artifact" || !kinds.iter().any(|kind| kind == "bin") {
        return None;
    }
    Some((message["target"]["name"].as_str()?.to_owned(), message["executable"].as_str()?.into()))
}

/// The binaries in `folder`: every file in it by its name.
///
/// # Errors
/// When it can't be read.
pub fn find(folder: &Path) -> Result<Binaries, BuildError> {
    let unreadable = |source| BuildError::Folder { folder: folder.to_owned(), source };
    // Absolute, since functions start in a folder of their own.
    let folder = folder.canonicalize().map_err(unreadable)?;
    let mut binaries = Binaries::new();
    for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
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
    fn only_binaries_are_taken_from_cargos_messages() {
        let message =
            r#"{"reason":"compiler-artifact","target":{"kind":["bin"],"name":"messages"},"executable":"/t/messages"}"#;
        assert_eq!(built(message), Some(("messages".to_owned(), "/t/messages".into())));
        for other in [
            r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"domain"},"executable":null}"#,
            r#"{"reason":"build-finished","success":true}"#,
            "warning: no JSON",
        ] {
            assert_eq!(built(other), None, "{other}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let message = find(Path::new("/nowhere/at/all")).unwrap_err().to_string();
        assert_eq!(message, "look for binaries in /nowhere/at/all");
    }

    #[tokio::test]
    async fn a_cargo_that_is_not_there_is_named() {
        let error = build(Path::new("/no/cargo"), Path::new("/"), false).await.unwrap_err();
        assert_eq!(error.to_string(), "run /no/cargo to build the functions");
    }

    #[tokio::test]
    async fn a_build_that_fails_is_an_error() {
        assert!(matches!(build(Path::new("false"), Path::new("/"), false).await, Err(BuildError::Failed)));
    }
}
