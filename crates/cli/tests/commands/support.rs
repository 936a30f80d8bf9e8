//! The command as a process, with nothing of this process's settings, and keys that it must never print.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use crudder_fakes::{HoneycombKey, RollbarToken};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

/// Longer than any command here takes on a machine that runs many tests at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A key and a token that nobody knows.
pub(crate) const WRONG_KEY: &str = "hcaik_11111111111111111111wrong11111111111111111111111111111crud";
pub(crate) const WRONG_TOKEN: &str = "1111111111111111111111111111crud";
/// A token that may only read.
pub(crate) const READ_TOKEN: &str = "2222222222222222222222222222crud";
/// AWS's credentials.
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYnotreal";

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// `crudder` with these arguments and variables.
pub(crate) fn crudder(args: &[&str], variables: &[(&str, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crudder"));
    command.args(args).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/nonexistent");
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs it to its end. No run may show a key, whatever it was about.
pub(crate) async fn run(args: &[&str], variables: &[(&str, String)]) -> Ended {
    finish(crudder(args, variables), b"").await
}

/// Runs it with this on its standard input.
pub(crate) async fn finish(mut command: Command, input: &[u8]) -> Ended {
    if !input.is_empty() {
        command.stdin(Stdio::piped());
    }
    let mut child = command.spawn().unwrap();
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input).await.unwrap();
    }
    let output = timeout(PATIENCE, child.wait_with_output()).await.expect("an end in time").unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let ended = Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
    let (honeycomb, rollbar) = (HoneycombKey::local(), RollbarToken::local());
    for key in [WRONG_KEY, WRONG_TOKEN, READ_TOKEN, SECRET, honeycomb.text.reveal(), rollbar.text.reveal()] {
        // A part of a key helps a thief, too.
        for part in [key, &key[6..], &key[..key.len() - 6]] {
            assert!(!ended.out.contains(part) && !ended.err.contains(part), "a key is shown: {ended:?}");
        }
    }
    ended
}

/// Writes a file into a folder of the test's own.
pub(crate) fn file(folder: &tempfile::TempDir, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}
