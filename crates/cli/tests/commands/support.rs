//! Runs the command as a process, and checks that it never prints a key.

use std::path::PathBuf;
use std::process::Stdio;

use crudder_fakes::{HoneycombKey, RollbarToken};
use crudder_testing::wait::within_timeout;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// A key and a token that the fakes do not accept.
pub(crate) const WRONG_KEY: &str = "hcaik_11111111111111111111wrong11111111111111111111111111111crud";
pub(crate) const WRONG_TOKEN: &str = "1111111111111111111111111111crud";
/// A token that can only read.
pub(crate) const READ_TOKEN: &str = "2222222222222222222222222222crud";
/// The AWS secret access key that the fake of AWS accepts.
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYnotreal";

/// The exit code and the output of a command.
#[derive(Debug)]
pub(crate) struct CommandOutput {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Builds a `crudder` command with arguments and environment variables.
pub(crate) fn crudder(args: &[&str], variables: &[(&str, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crudder"));
    command.args(args).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/nonexistent");
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs a command to its end.
pub(crate) async fn run(args: &[&str], variables: &[(&str, String)]) -> CommandOutput {
    finish(crudder(args, variables), b"").await
}

/// Runs a command with `input` on its standard input, and checks that it printed no part of a key.
pub(crate) async fn finish(mut command: Command, input: &[u8]) -> CommandOutput {
    if !input.is_empty() {
        command.stdin(Stdio::piped());
    }
    let mut child = command.spawn().unwrap();
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input).await.unwrap();
    }
    let output = within_timeout("the exit of the command", child.wait_with_output()).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let output = CommandOutput { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
    let (honeycomb, rollbar) = (HoneycombKey::local(), RollbarToken::local());
    for key in [WRONG_KEY, WRONG_TOKEN, READ_TOKEN, SECRET, honeycomb.text.reveal(), rollbar.text.reveal()] {
        // A part of a key is a leak, too.
        for part in [key, &key[6..], &key[..key.len() - 6]] {
            assert!(!output.out.contains(part) && !output.err.contains(part), "a key was printed: {output:?}");
        }
    }
    output
}

/// Writes a file into the test's folder.
pub(crate) fn file(folder: &tempfile::TempDir, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}
