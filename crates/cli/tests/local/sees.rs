//! That the other commands see what `crudder local` did: doctor its planes, trace its requests, replay its dead letters.

use std::path::Path;

use crudder_fakes::{Honeycomb, HoneycombConfig, HoneycombKey};
use rustix::process::Signal;
use tokio::process::Command;

use crate::command::{Running, crudder, finish};

/// `crudder` with these arguments, told of nothing else.
fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crudder"));
    command.args(args).env_clear().kill_on_drop(true);
    command
}

/// The trace of a request's answer, in X-Ray's form.
async fn traced(running: &Running, path: &str) -> String {
    let answer = reqwest::get(format!("{}{path}", running.api)).await.unwrap();
    answer.headers()["x-amzn-trace-id"].to_str().unwrap().trim_start_matches("Root=").to_owned()
}

#[tokio::test]
async fn doctor_finds_its_requests_in_every_plane() {
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(crudder(data.path())).await;
    // Traffic that is dense: then what a healthy request says leaves with the next one.
    for _ in 0..20 {
        let home = reqwest::get(format!("{}/api/activities/home", running.api)).await.unwrap();
        assert_eq!(home.status(), 200);
    }
    let (success, out, err) = finish(command(&["doctor", "--url", &running.console])).await;
    assert!(success, "{out}{err}");
    let planes: Vec<&str> = out.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(planes, ["API", "X-Ray", "CloudWatch", "Honeycomb", "Rollbar"], "{out}");
    assert!(out.lines().all(|line| line[12..].starts_with("ok ")), "{out}");
    running.end(Signal::INT).await;
}

#[tokio::test]
async fn doctor_names_the_plane_that_is_blind() {
    let data = tempfile::tempdir().unwrap();
    let mut local = crudder(data.path());
    // A vendor that can't be reached: its port is nobody's.
    local
        .env("HONEYCOMB_API_KEY", HoneycombKey::local().text.reveal())
        .env("HONEYCOMB_API_ENDPOINT", "http://127.0.0.1:1");
    let running = Running::start(local).await;
    let (success, out, _) = finish(command(&["doctor", "--url", &running.console, "--wait", "2"])).await;
    let wrong: Vec<&str> = out.lines().filter(|line| line[12..].starts_with("wrong")).collect();
    assert!(
        !success && matches!(wrong.as_slice(), [one] if one.starts_with("Honeycomb") && one.contains("mend:")),
        "{out}"
    );
    running.end(Signal::INT).await;
}

#[tokio::test]
async fn trace_shows_a_death_with_its_culprit_lines_and_item() {
    let data = tempfile::tempdir().unwrap();
    let mut local = crudder(data.path());
    local.env("CRUDDER_FAULTS", "on");
    let running = Running::start(local).await;
    let id = traced(&running, "/rollbar/test?kind=exit").await;
    // The item is the last thing that the layer tells of a death; it follows the answer.
    let told = async {
        while running.console(&format!("/api/traces/{id}")).await["reports"].as_array().is_none_or(Vec::is_empty) {}
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), told).await.expect("an item in time");
    let page = format!("{}/#/trace/{id}", running.console);
    let (success, out, err) = finish(command(&["trace", &page])).await;
    assert!(success, "{err}");
    let culprit = out.lines().find(|line| line.contains("<- culprit")).unwrap_or_else(|| panic!("{out}"));
    assert!(culprit.contains("fault") && culprit.contains('='), "{culprit}");
    for told in ["GET /rollbar/test  502", "critical  exited in fault", "platform.report", &page_of(&running, &id)] {
        assert!(out.contains(told), "{told}\n{out}");
    }
    running.end(Signal::INT).await;
}

/// The console's address of a trace, by W3C's form of its id.
fn page_of(running: &Running, id: &str) -> String {
    format!("{}/#/trace/{}", running.console, id[2..].replace('-', ""))
}

#[tokio::test]
async fn replay_delivers_what_the_layer_could_not() {
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut local = crudder(data.path());
    let key = HoneycombKey::local().text.reveal().to_owned();
    local
        .env("CRUDDER_FAULTS", "on")
        .env("HONEYCOMB_API_KEY", &key)
        .env("HONEYCOMB_API_ENDPOINT", "http://127.0.0.1:1");
    let running = Running::start(local).await;
    // The environment goes with its process, and the layer with it: what it holds becomes letters.
    let id = traced(&running, "/rollbar/test?kind=exit").await;
    let lines =
        tokio::time::timeout(std::time::Duration::from_secs(60), letters(&running)).await.expect("a letter in time");
    running.end(Signal::INT).await;
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
    let mut replay = command(&["replay", export.to_str().unwrap()]);
    replay.env("HONEYCOMB_API_KEY", key).env("HONEYCOMB_API_ENDPOINT", honeycomb.url());
    replay
}

/// The dead letters as log lines, once there are some.
async fn letters(running: &Running) -> String {
    loop {
        let letters = running.console("/api/letters").await;
        let lines: Vec<String> = letters["letters"].as_array().unwrap().iter().map(ToString::to_string).collect();
        if !lines.is_empty() {
            return lines.join("\n");
        }
    }
}
