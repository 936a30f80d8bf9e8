//! An extension for the tests.
//!
//! It registers, prints every event, and misbehaves as `EXTENSION_BEHAVIOR` says.

#![expect(
    clippy::disallowed_methods,
    reason = "a test program reads its environment where it needs it, and sleeps on request"
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
    let behavior = variable("EXTENSION_BEHAVIOR");
    if behavior == "exit-at-start" {
        exit(5);
    }
    let id = register(&api);
    if behavior == "init-error" {
        report_error(&api, &id, "init/error");
        exit(6);
    }
    if !variable("EXTENSION_SUBSCRIBES").is_empty() {
        telemetry::subscribe(&api, &id, &variable("EXTENSION_SUBSCRIBES"), &variable("EXTENSION_LISTENER"));
    }
    print_line(&format!("variables {}", serde_json::to_string(&names()).expect("JSON")));
    loop {
        let headers = [("lambda-extension-identifier", id.as_str())];
        let next = http::call(&api, "GET", &format!("{EXTENSION}/event/next"), &headers, b"").expect("the API answers");
        let event: Value = serde_json::from_slice(&next.body).unwrap_or_default();
        print_line(&format!("event {event}"));
        handle(&behavior, &api, &id, &event);
    }
}

fn handle(behavior: &str, api: &str, id: &str, event: &Value) {
    let shutdown = event["eventType"] == "SHUTDOWN";
    match behavior {
        "crash-on-invoke" if !shutdown => exit(2),
        "exit-error-on-invoke" if !shutdown => {
            report_error(api, id, "exit/error");
            exit(2);
        }
        "linger" if !shutdown => {
            sleep(Duration::from_millis(variable("EXTENSION_LINGERS_MS").parse().unwrap_or(0)));
            print_line("lingered");
        }
        "ignore-shutdown" => (),
        _ if shutdown => {
            sleep(Duration::from_millis(variable("EXTENSION_SHUTDOWN_MS").parse().unwrap_or(0)));
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
    let response =
        http::call(api, "POST", &format!("{EXTENSION}/register"), &headers, body.as_bytes()).expect("a response");
    print_line(&format!("registered {} {}", response.status, String::from_utf8_lossy(&response.body)));
    match response.headers.get("lambda-extension-identifier") {
        Some(id) => id.clone(),
        None => exit(7),
    }
}

fn report_error(api: &str, id: &str, path: &str) {
    let headers =
        [("lambda-extension-identifier", id), ("lambda-extension-function-error-type", "Extension.ConfigInvalid")];
    let body = json!({ "errorMessage": "bad", "errorType": "Extension.ConfigInvalid", "stackTrace": [] }).to_string();
    http::call(api, "POST", &format!("{EXTENSION}/{path}"), &headers, body.as_bytes()).expect("a response");
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

fn names() -> Vec<String> {
    std::env::vars().map(|(name, _)| name).collect()
}

fn print_line(line: &str) {
    std::io::stdout().write_all(format!("{line}\n").as_bytes()).expect("a pipe");
}
