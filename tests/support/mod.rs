//! The environment of an integration test: all of `cargo local` in this process on free ports, with
//! the real functions as child processes.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of this module")]
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod invocations;
mod requests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crudder_fakes::Violation;
use crudder_local::{Line, LocalStack, Options, Settings};
use crudder_testing::TIMEOUT;
use crudder_testing::wait::within_timeout;
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A [`LocalStack`] with its own data, and a client of its API.
pub struct TestStack {
    local: LocalStack,
    client: Client,
    _folder: TempDir,
}

/// Returns the folder of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the folder in which Cargo built the binaries for this test.
pub fn binaries() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_health-check")).parent().unwrap().to_owned()
}

impl TestStack {
    /// Starts the environment with the default settings.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts the environment with these variables, from which the functions get theirs.
    pub async fn with(variables: &[(&str, &str)]) -> Self {
        Self::serve(root(), variables).await
    }

    /// Starts the environment with these variables and another `Timeout` of one function in
    /// template.yaml.
    pub async fn with_timeout(function: &str, timeout: Duration, variables: &[(&str, &str)]) -> Self {
        let copy = tempfile::tempdir().unwrap();
        let text = std::fs::read_to_string(root().join("template.yaml")).unwrap();
        let name = format!("      FunctionName: !Sub crudder-${{Stage}}-{function}\n");
        assert!(text.contains(&name));
        let changed = format!("{name}      Timeout: {}\n", timeout.as_secs());
        std::fs::write(copy.path().join("template.yaml"), text.replace(&name, &changed)).unwrap();
        Self::serve(copy.path(), variables).await
    }

    async fn serve(root: &Path, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lookup = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let options = Options {
            root: root.to_owned(),
            data: folder.path().to_owned(),
            port: 0,
            console_port: 0,
            functions: Some(binaries()),
            release: false,
            settings: Settings::parse(lookup).unwrap(),
        };
        // Boxed: the type of the whole future would exceed the compiler's depth limit.
        let local = Box::pin(LocalStack::start(&options, |_| ())).await.unwrap();
        Self { local, client: Client::builder().timeout(TIMEOUT).build().unwrap(), _folder: folder }
    }

    /// Stops the environment.
    pub async fn stop(self) {
        Box::pin(self.local.stop()).await;
    }

    /// Waits for the access line of a trace; returns the lines of the function up to it, without
    /// the line about the missing extension, which a process logs once.
    pub async fn logs(&self, trace: &str) -> Vec<Value> {
        let is_access_line = |line: &Value| line.get("http.response.status_code").is_some();
        let enough = |lines: &[Line]| lines.iter().filter_map(Line::object).any(|line| is_access_line(&line));
        let lines = within_timeout("the access line", self.local.logs().wait_for(trace, enough)).await;
        let is_of_request =
            |line: &Value| line["message"].as_str().is_some_and(|message| !message.starts_with("no extension reads"));
        lines.iter().filter_map(Line::object).filter(is_of_request).collect()
    }

    /// Waits until `is_last` holds for a line of the trace; returns all its lines, those of Lambda
    /// included.
    pub async fn all_logs(&self, trace: &str, is_last: impl Fn(&Value) -> bool) -> Vec<Value> {
        let enough = |lines: &[Line]| lines.iter().filter_map(Line::object).any(|line| is_last(&line));
        let lines = within_timeout("the last line", self.local.logs().wait_for(trace, enough)).await;
        lines.iter().map(|line| line.object().unwrap_or_else(|| json!(line.text))).collect()
    }

    /// Returns the stack itself.
    pub fn local(&self) -> &LocalStack {
        &self.local
    }

    /// Checks that no fake noted a violation, and stops the environment.
    pub async fn stop_without_violations(self) {
        let fakes = self.local.fakes();
        fakes.honeycomb.with_store(|store| {
            assert_eq!(store.call_log().violations().collect::<Vec<_>>(), Vec::<&Violation>::new())
        });
        fakes.rollbar.with_store(|store| {
            assert_eq!(store.call_log().violations().collect::<Vec<_>>(), Vec::<&Violation>::new())
        });
        fakes.xray.with_store(|store| {
            assert_eq!(store.call_log().violations().collect::<Vec<_>>(), Vec::<&Violation>::new())
        });
        self.stop().await;
    }
}
