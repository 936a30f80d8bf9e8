//! An extension for the tests: it registers, prints every event it gets, and misbehaves as `EXTENSION_DOES` says.

#![expect(
    clippy::disallowed_methods,
    reason = "a test program reads its environment where it needs it and sleeps where told"
)]

mod http;
mod telemetry;

use std::io::Write;
use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

const EXTENSION: &str = "/2020-01-01/extension";

fn main() {
    let api = variable("AWS_LAMBDA_RUNTIME_API");
    let does = variable("EXTENSION_DOES");
    if does == "exit-at-start" {
        exit(5);
    }
    let id = register(&api);
    if does == "init-error" {
        complain(&api, &id, "init/error");
        exit(6);
    }
    if !variable("EXTENSION_SUBSCRIBES").is_empty() {
        telemetry::subscribe(&api, &id, &variable("EXTENSION_SUBSCRIBES"), &variable("EXTENSION_LISTENER"));
    }
    say(&format!("variables {}", serde_json::to_string(&names()).expect("plain names")));
    loop {
        let headers = [("lambda-extension-identifier", id.as_str())];
        let next = http::call(&api, "GET", &format!("{EXTENSION}/event/next"), &headers, b"").expect("the API answers");
        let event: Value = serde_json::from_slice(&next.body).unwrap_or_default();
        say(&format!("event {event}"));
        obey(&does, &api, &id, &event);
    }
}

fn obey(does: &str, api: &str, id: &str, event: &Value) {
    let shutdown = event["eventType"] == "SHUTDOWN";
    match does {
        "crash-on-invoke" if !shutdown => exit(2),
        "exit-error-on-invoke" if !shutdown => {
            complain(api, id, "exit/error");
            exit(2);
        }
        "linger" if !shutdown => {
            sleep(Duration::from_millis(variable("EXTENSION_LINGERS_MS").parse().unwrap_or(0)));
            say("lingered");
        }
        "ignore-shutdown" => (),
        _ if shutdown => {
            sleep(Duration::from_millis(variable("EXTENSION_LASTS_MS").parse().unwrap_or(0)));
            exit(0);
        }
        _ => (),
    }
}

fn register(api: &str) -> String {
    let own_path = std::env::args().next().expect("argv[0]");
    let name = own_path.rsplit('/').next().expect("a name").to_owned();
    let events = variable("EXTENSION_EVENTS");
    let events: Vec<&str> = match events.as_str() {
        "" => vec!["INVOKE", "SHUTDOWN"],
        "none" => Vec::new(),
        events => events.split(',').collect(),
    };
    let headers = [("lambda-extension-name", name.as_str()), ("lambda-extension-accept-feature", "accountId")];
    let body = json!({ "events": events }).to_string();
    let answer =
        http::call(api, "POST", &format!("{EXTENSION}/register"), &headers, body.as_bytes()).expect("an answer");
    say(&format!("registered {} {}", answer.status, String::from_utf8_lossy(&answer.body)));
    match answer.headers.get("lambda-extension-identifier") {
        Some(id) => id.clone(),
        None => exit(7),
    }
}

fn complain(api: &str, id: &str, path: &str) {
    let headers =
        [("lambda-extension-identifier", id), ("lambda-extension-function-error-type", "Extension.ConfigInvalid")];
    let body = json!({ "errorMessage": "bad", "errorType": "Extension.ConfigInvalid", "stackTrace": [] }).to_string();
    http::call(api, "POST", &format!("{EXTENSION}/{path}"), &headers, body.as_bytes()).expect("an answer");
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

fn names() -> Vec<String> {
    std::env::vars().map(|(name, _)| name).collect()
}

fn say(line: &str) {
    std::io::stdout().write_all(format!("{line}\n").as_bytes()).expect("a pipe");
}
