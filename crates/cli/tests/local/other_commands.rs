//! Tests of doctor, trace and replay with a running `crudder local`.

use std::path::Path;

use crudder_fakes::{Honeycomb, HoneycombConfig, HoneycombKey};
use crudder_testing::wait::within_timeout;
use rustix::process::Signal;
use tokio::process::Command;

use crate::local_process::{LocalProcess, crudder_local, finish};

/// Builds a `crudder` command with arguments and an empty environment.
fn crudder(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crudder"));
    command.args(args).env_clear().kill_on_drop(true);
    command
}

/// Sends a request and returns its trace ID in X-Ray form.
async fn send(local: &LocalProcess, path: &str) -> String {
    let response = reqwest::get(format!("{}{path}", local.api)).await.unwrap();
    response.headers()["x-amzn-trace-id"].to_str().unwrap().trim_start_matches("Root=").to_owned()
}

#[tokio::test]
async fn doctor_finds_its_requests_in_every_destination() {
    let data = tempfile::tempdir().unwrap();
    let local = LocalProcess::start(crudder_local(data.path())).await;
    // In dense traffic, the telemetry of a request without errors is exported with the next one.
    for _ in 0..20 {
        let home = reqwest::get(format!("{}/api/activities/home", local.api)).await.unwrap();
        assert_eq!(home.status(), 200);
    }
    let (success, out, err) = finish(crudder(&["doctor", "--url", &local.console])).await;
    assert!(success, "{out}{err}");
    let components: Vec<&str> = out.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(components, ["API", "X-Ray", "CloudWatch", "Honeycomb", "Rollbar"], "{out}");
    assert!(out.lines().all(|line| line[12..].starts_with("ok ")), "{out}");
    local.end(Signal::INT).await;
}

#[tokio::test]
async fn doctor_reports_a_destination_that_receives_nothing() {
    let data = tempfile::tempdir().unwrap();
    let mut command = crudder_local(data.path());
    // Nothing listens on this port.
    command
        .env("HONEYCOMB_API_KEY", HoneycombKey::local().text.reveal())
        .env("HONEYCOMB_API_ENDPOINT", "http://127.0.0.1:1");
    let local = LocalProcess::start(command).await;
    let (success, out, _) = finish(crudder(&["doctor", "--url", &local.console, "--wait", "2"])).await;
    let failed: Vec<&str> = out.lines().filter(|line| line[12..].starts_with("failed")).collect();
    assert!(
        !success && matches!(failed.as_slice(), [one] if one.starts_with("Honeycomb") && one.contains("fix:")),
        "{out}"
    );
    local.end(Signal::INT).await;
}

#[tokio::test]
async fn trace_shows_a_death_with_its_failed_span_log_lines_and_rollbar_item() {
    let data = tempfile::tempdir().unwrap();
    let mut command = crudder_local(data.path());
    command.env("CRUDDER_FAULTS", "on");
    let local = LocalProcess::start(command).await;
    let id = send(&local, "/rollbar/test?kind=exit").await;
    // The extension exports the item last, after the response was sent.
    let exported = async {
        while local.console(&format!("/api/traces/{id}")).await["reports"].as_array().is_none_or(Vec::is_empty) {}
    };
    within_timeout("an item", exported).await;
    let page = format!("{}/#/trace/{id}", local.console);
    let (success, out, err) = finish(crudder(&["trace", &page])).await;
    assert!(success, "{err}");
    let failed = out.lines().find(|line| line.contains("<- failed span")).unwrap_or_else(|| panic!("{out}"));
    assert!(failed.contains("fault") && failed.contains('='), "{failed}");
    for expected in ["GET /rollbar/test  502", "critical  exited in fault", "platform.report", &page_of(&local, &id)] {
        assert!(out.contains(expected), "{expected}\n{out}");
    }
    local.end(Signal::INT).await;
}

/// Returns the address of the console's page about a trace, which contains its ID in W3C form.
fn page_of(local: &LocalProcess, id: &str) -> String {
    format!("{}/#/trace/{}", local.console, id[2..].replace('-', ""))
}

#[tokio::test]
async fn replay_delivers_what_the_extension_could_not() {
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut command = crudder_local(data.path());
    let key = HoneycombKey::local().text.reveal().to_owned();
    command
        .env("CRUDDER_FAULTS", "on")
        .env("HONEYCOMB_API_KEY", &key)
        .env("HONEYCOMB_API_ENDPOINT", "http://127.0.0.1:1");
    let local = LocalProcess::start(command).await;
    // The environment ends with the function's process, so the extension shuts down and logs its
    // batches as dead letters.
    let id = send(&local, "/rollbar/test?kind=exit").await;
    let lines = within_timeout("a dead letter", dead_letters(&local)).await;
    local.end(Signal::INT).await;
    let export = folder.path().join("letters.log");
    std::fs::write(&export, lines).unwrap();
    let honeycomb = Honeycomb::start(HoneycombConfig::default()).await.unwrap();
    let (success, out, err) = finish(replay(&export, &honeycomb, &key)).await;
    assert!(success && out.contains("honeycomb: "), "{out}{err}");
    let trace =
        honeycomb.with_store(|store| store.trace(id.parse().unwrap())).expect("the trace has reached Honeycomb");
    assert!(trace.spans.iter().any(|span| span.attributes.contains_key("crudder.culprit")), "{trace:?}");
    assert!(!out.contains(&key) && !err.contains(&key));
}

fn replay(export: &Path, honeycomb: &Honeycomb, key: &str) -> Command {
    let mut replay = crudder(&["replay", export.to_str().unwrap()]);
    replay.env("HONEYCOMB_API_KEY", key).env("HONEYCOMB_API_ENDPOINT", honeycomb.url());
    replay
}

/// Waits for dead letters and returns them as log lines.
async fn dead_letters(local: &LocalProcess) -> String {
    loop {
        let letters = local.console("/api/letters").await;
        let lines: Vec<String> = letters["letters"].as_array().unwrap().iter().map(ToString::to_string).collect();
        if !lines.is_empty() {
            return lines.join("\n");
        }
    }
}
