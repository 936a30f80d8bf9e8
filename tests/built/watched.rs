//! Every function under `cargo lambda watch`, called by `cargo lambda invoke` with its sample event and one by its route, as docs/deploy.md
//! says it.

use std::process::{Command, Output};
use std::time::Duration;

use crudder_local::template::Template;
use crudder_local::{Services, Settings};
use serde_json::Value;

use crate::address::free_address;
use crate::program::{Program, named_by};
use crate::{holds, root, sample};

/// Far more than an answer takes, cargo's finding that nothing is to be built included. A function that can't run is waited for in vain.
const PATIENCE: Duration = Duration::from_secs(300);

/// What the cargo of this test says to its children of the package that it tests.
const OF_THIS_PACKAGE: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_NAME"];

/// A command of cargo-lambda's, in the checkout and without those: build scripts would see other variables than before, and run again.
fn cargo_lambda() -> Command {
    let mut command = Command::new(named_by("CRUDDER_CARGO_LAMBDA"));
    let told = std::env::vars_os().map(|(name, _)| name);
    for name in told.filter(|name| OF_THIS_PACKAGE.iter().any(|own| name.to_string_lossy().starts_with(own))) {
        command.env_remove(name);
    }
    command.arg("lambda").current_dir(root());
    command
}

/// What `cargo lambda invoke` makes of a function's sample event; again while nobody listens yet. `None` when no answer comes.
async fn invoked(host: &str, port: &str, function: &str) -> Option<Output> {
    let data = format!("events/{function}.json");
    let end = tokio::time::Instant::now() + PATIENCE;
    loop {
        let mut command = tokio::process::Command::from(cargo_lambda());
        command.args(["invoke", "--invoke-address", host, "--invoke-port", port, "--data-file", &data, function]);
        let answer = tokio::time::timeout_at(end, command.kill_on_drop(true).output()).await.ok()?.unwrap();
        if !String::from_utf8_lossy(&answer.stderr).contains("refused") {
            return Some(answer);
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
        let told = |what: &str| format!("{}: {what}; watch said:\n{}", function.binary, watch.so_far());
        let output = invoked(host, port, &function.binary).await.unwrap_or_else(|| panic!("{}", told("no answer")));
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", told(&said)));
        holds(&function.binary, &sample(&function.binary), &answer);
    }
    let routed = reqwest::get(format!("http://{address}/api/activities/home")).await.unwrap();
    assert_eq!(routed.status(), 200, "watch said:\n{}", watch.so_far());
    let posts: Value = routed.json().await.unwrap();
    assert!(posts.as_array().is_some_and(|posts| !posts.is_empty()), "{posts}");
    watch.end().await;
    Box::pin(services.stop()).await;
}
