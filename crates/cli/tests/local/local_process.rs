//! Runs the real `crudder local` as a process with its own ports and data.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use crudder_testing::process;
use crudder_testing::wait::within_timeout;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// Returns the folder of the binaries that `cargo test` built.
pub(crate) fn binaries() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_crudder")).parent().unwrap().to_owned()
}

/// Builds a `crudder local` command with free ports, JSON output and the binaries that are already
/// built.
pub(crate) fn crudder_local(data: &Path) -> Command {
    let mut command = bare_local();
    command.args(["--port", "0", "--console-port", "0", "--json", "--data"]).arg(data);
    command.arg("--functions").arg(binaries());
    command
}

/// Builds a `crudder local` command without options or environment, in this crate's folder inside
/// the workspace.
pub(crate) fn bare_local() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crudder"));
    command.arg("local").env_clear().env("PATH", "/usr/bin:/bin").current_dir(env!("CARGO_MANIFEST_DIR"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// A running `crudder local` and its addresses.
pub(crate) struct LocalProcess {
    child: Child,
    out: Lines<BufReader<ChildStdout>>,
    pub(crate) api: String,
    pub(crate) console: String,
}

impl LocalProcess {
    pub(crate) async fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = within_timeout("the addresses", out.next_line()).await.unwrap();
        let Some(line) = line else { panic!("it did not start: {}", stderr_of(&mut child).await) };
        let addresses: Value = serde_json::from_str(&line).unwrap();
        let address = |name: &str| addresses[name].as_str().unwrap().to_owned();
        assert_eq!(addresses.as_object().unwrap().len(), 2, "{line}");
        Self { api: address("api"), console: address("console"), child, out }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("the process runs")
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        read(reqwest::get(format!("{}{path}", self.api)).await.unwrap()).await
    }

    pub(crate) async fn console(&self, path: &str) -> Value {
        read(reqwest::get(format!("{}{path}", self.console)).await.unwrap()).await.1
    }

    pub(crate) async fn token(&self, handle: &str) -> String {
        let (status, body) = self.sign_in(&format!(r#"{{"handle":"{handle}"}}"#)).await;
        assert_eq!(status, 200, "{body}");
        body["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn sign_in(&self, body: &str) -> (u16, Value) {
        let request = reqwest::Client::new().post(format!("{}/token", self.console)).body(body.to_owned());
        read(request.send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, message: &str) -> (u16, Value) {
        let body = format!(r#"{{"message":"{message}","ttl":"1-day"}}"#);
        let request = reqwest::Client::new().post(format!("{}/api/activities", self.api)).body(body);
        let request = request.header("Content-Type", "application/json").bearer_auth(self.token("andrewbrown").await);
        read(request.send().await.unwrap()).await
    }

    /// Waits until a trace has a log line with this message. Log lines are collected in the
    /// background, and may appear a moment after the response.
    pub(crate) async fn wait_for_log_line(&self, trace: &str, message: &str) {
        let found = async {
            loop {
                let logs = self.console(&format!("/api/logs?trace_id={trace}")).await;
                if logs["lines"].as_array().unwrap().iter().any(|line| line["line"]["message"] == message) {
                    return;
                }
            }
        };
        within_timeout(&format!("the line {message:?} in trace {trace}"), found).await;
    }

    /// Returns the messages of the home feed.
    pub(crate) async fn messages(&self) -> Vec<String> {
        let (status, body) = self.get("/api/activities/home").await;
        assert_eq!(status, 200, "{body}");
        body.as_array().unwrap().iter().map(|post| post["message"].as_str().unwrap().to_owned()).collect()
    }

    /// Sends a signal and waits for the end; returns the exit code and the rest of standard output.
    pub(crate) async fn end(mut self, signal: rustix::process::Signal) -> (Option<i32>, String) {
        let id = rustix::process::Pid::from_raw(i32::try_from(self.id()).unwrap()).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
        let status = within_timeout("the exit", self.child.wait()).await.unwrap();
        let mut rest = String::new();
        self.out.get_mut().read_to_string(&mut rest).await.unwrap();
        (status.code(), rest)
    }
}

/// Runs a command that ends by itself.
///
/// Returns whether it succeeded, its standard output and its standard error.
pub(crate) async fn finish(mut command: Command) -> (bool, String, String) {
    let output = within_timeout("the exit", command.output()).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

async fn stderr_of(child: &mut Child) -> String {
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).await.unwrap();
    text
}

async fn read(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let body = response.text().await.unwrap();
    (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
}

/// Returns the IDs of all descendants of a process.
pub(crate) fn descendants(id: u32) -> Vec<u32> {
    let processes =
        std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    let parents: Vec<(u32, u32)> = processes.filter_map(|id: u32| Some((id, parent(id)?))).collect();
    let mut found = vec![id];
    let mut next = 0;
    while let Some(above) = found.get(next).copied() {
        found.extend(parents.iter().filter(|(_, parent)| *parent == above).map(|(id, _)| *id));
        next += 1;
    }
    found.split_off(1)
}

fn parent(id: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name in parentheses may contain anything; state and parent follow it.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// Whether a process exists and is not a zombie.
pub(crate) fn is_alive(id: u32) -> bool {
    process::state(id).is_some_and(|state| state != 'Z')
}
