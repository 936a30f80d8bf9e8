//! Every function under `cargo lambda watch`: `cargo lambda invoke` sends each its sample event,
//! and one is called by its route, as docs/deploy.md describes.

use std::process::{Command, Output};
use std::time::Duration;

use crudder_local::template::Template;
use crudder_local::{Services, Settings};
use crudder_testing::address::free_address;
use crudder_testing::program::{Program, path_from_variable};
use serde_json::Value;

use crate::{check_response, root, sample};

/// How long a test waits for a response. It is longer than the common timeout because Cargo first
/// checks whether it must build something.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(300);

/// Prefixes of the variables in which Cargo describes this package to its tests.
const PACKAGE_VARIABLES: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_NAME"];

/// Returns a command of cargo-lambda in the repository, without the variables of this package. With
/// them build scripts would run again.
fn cargo_lambda() -> Command {
    let mut command = Command::new(path_from_variable("CRUDDER_CARGO_LAMBDA"));
    let names = std::env::vars_os().map(|(name, _)| name);
    for name in names.filter(|name| PACKAGE_VARIABLES.iter().any(|prefix| name.to_string_lossy().starts_with(prefix))) {
        command.env_remove(name);
    }
    command.arg("lambda").current_dir(root());
    command
}

/// Runs `cargo lambda invoke` with a function's sample event, again while the connection is
/// refused.
///
/// Returns `None` if there is no response in time.
async fn invoke(host: &str, port: &str, function: &str) -> Option<Output> {
    let data = format!("events/{function}.json");
    let end = tokio::time::Instant::now() + RESPONSE_TIMEOUT;
    loop {
        let mut command = tokio::process::Command::from(cargo_lambda());
        command.args(["invoke", "--invoke-address", host, "--invoke-port", port, "--data-file", &data, function]);
        let output = tokio::time::timeout_at(end, command.kill_on_drop(true).output()).await.ok()?.unwrap();
        if !String::from_utf8_lossy(&output.stderr).contains("refused") {
            return Some(output);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_function_answers_its_event_by_cargo_lambda_invoke() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::parse(|_| None).unwrap();
    let services = Box::pin(Services::start(&settings, folder.path())).await.unwrap();
    let address = free_address();
    let (host, port) = address.rsplit_once(':').unwrap();
    let mut command = cargo_lambda();
    command
        .args(["watch", "--ignore-changes", "--invoke-address", host, "--invoke-port", port])
        .envs(services.exports(&settings));
    let watch = Program::start(&mut command);
    let template = Template::read(&root().join("template.yaml"), &settings.variables).unwrap();
    for function in template.functions {
        let failure = |what: &str| format!("{}: {what}; the output of watch:\n{}", function.binary, watch.output());
        let output = invoke(host, port, &function.binary).await.unwrap_or_else(|| panic!("{}", failure("no response")));
        let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let response: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", failure(&printed)));
        check_response(&function.binary, &sample(&function.binary), &response);
    }
    let response = reqwest::get(format!("http://{address}/api/activities/home")).await.unwrap();
    assert_eq!(response.status(), 200, "the output of watch:\n{}", watch.output());
    let posts: Value = response.json().await.unwrap();
    assert!(posts.as_array().is_some_and(|posts| !posts.is_empty()), "{posts}");
    watch.stop().await;
    Box::pin(services.stop()).await;
}
