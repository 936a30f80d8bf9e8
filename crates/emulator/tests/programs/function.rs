//! A function for the tests.
//!
//! The event's `do` selects what it does, `AT_INIT` what it does in the init phase.

#![expect(
    clippy::disallowed_methods,
    reason = "a test program reads its environment where it needs it, and sleeps on request"
)]

mod http;

use std::io::Write;
use std::process::{abort, exit};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

const RUNTIME: &str = "/2018-06-01/runtime";

fn main() {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").expect("a variable of Lambda");
    initialize(&api);
    let mut count = 0;
    loop {
        let next = http::call(&api, "GET", &format!("{RUNTIME}/invocation/next"), &[], b"").expect("the API answers");
        let event: Value = serde_json::from_slice(&next.body).unwrap_or_default();
        count += 1;
        serve(&api, &next, &event, count);
    }
}

fn initialize(api: &str) {
    let behavior = std::env::var("AT_INIT").unwrap_or_default();
    let is_first_start = create_marker("started-before");
    match behavior.as_str() {
        "exit" => exit(3),
        "exit-once" if is_first_start => exit(3),
        "hang" => sleep(Duration::from_secs(3600)),
        "hang-once" if is_first_start => sleep(Duration::from_secs(3600)),
        "error" => {
            let body = json!({ "errorType": "Function.NoTable", "errorMessage": "no table" }).to_string();
            let headers = [("lambda-runtime-function-error-type", "Function.NoTable")];
            http::call(api, "POST", &format!("{RUNTIME}/init/error"), &headers, body.as_bytes()).expect("accepted");
            exit(1);
        }
        _ => (),
    }
}

/// Creates a file in the environment's `/tmp`. Returns whether it is new.
fn create_marker(name: &str) -> bool {
    let path = format!("{}/{name}", std::env::var("TMPDIR").expect("a variable of Lambda"));
    let exists = std::fs::exists(&path).expect("a readable folder");
    std::fs::write(&path, b"x").expect("a writable folder");
    !exists
}

fn serve(api: &str, next: &http::Response, event: &Value, count: u32) {
    let id = next.headers["lambda-runtime-aws-request-id"].clone();
    let milliseconds = event["ms"].as_u64().unwrap_or(0);
    match event["do"].as_str().unwrap_or("echo") {
        "exit" => exit(event["code"].as_i64().unwrap_or(1) as i32),
        "panic" => panic!("panicked on request"),
        "abort" => abort(),
        "sleep" => sleep(Duration::from_millis(milliseconds)),
        "print" => print(event),
        "print-line" => print_line(event["line"].as_str().unwrap_or_default()),
        "allocate" => allocate(event["mb"].as_u64().unwrap_or(0)),
        "spawn" => spawn(),
        "call-forever" => call_forever(api),
        "fail" => return fail(api, &id),
        "large" => return large(api, &id, event["bytes"].as_u64().unwrap_or(0) as usize),
        "call" => return respond_json(api, &id, &call_api(api, event)),
        "environment" => return respond_json(api, &id, &std::env::vars().collect()),
        "exit-after-response" => {
            respond_json(api, &id, &json!("response before exit"));
            exit(4);
        }
        _ => (),
    }
    if event["then"] == "sleep" {
        sleep(Duration::from_secs(3600));
    }
    let response = json!({ "event": event, "headers": next.headers, "count": count, "pid": std::process::id() });
    respond_json(api, &id, &response);
}

fn respond_json(api: &str, id: &str, response: &Value) {
    respond(api, id, response.to_string().as_bytes());
}

fn respond(api: &str, id: &str, body: &[u8]) -> http::Response {
    http::call(api, "POST", &format!("{RUNTIME}/invocation/{id}/response"), &[], body).expect("the API answers")
}

fn fail(api: &str, id: &str) {
    let body = json!({ "errorType": "Handler", "errorMessage": "it went wrong" }).to_string();
    let headers = [("lambda-runtime-function-error-type", "Function.Handler")];
    let path = format!("{RUNTIME}/invocation/{id}/error");
    http::call(api, "POST", &path, &headers, body.as_bytes()).expect("the API answers");
}

fn large(api: &str, id: &str, bytes: usize) {
    let result = respond(api, id, &vec![b'1'; bytes]);
    print_line(&format!("posted {bytes}: {} {}", result.status, String::from_utf8_lossy(&result.body)));
}

fn print(event: &Value) {
    let lines = event["lines"].as_u64().unwrap_or(0);
    let mut text = String::new();
    for number in 0..lines {
        text.push_str(&format!("line {number}\n"));
    }
    std::io::stdout().write_all(text.as_bytes()).expect("a pipe");
    std::io::stderr().write_all(b"and one on stderr\n").expect("a pipe");
}

fn allocate(mb: u64) {
    let mut allocated = Vec::new();
    for _ in 0..mb {
        allocated.push(vec![1_u8; 1024 * 1024]);
        sleep(Duration::from_millis(1));
    }
    sleep(Duration::from_secs(3600));
    drop(allocated);
}

/// Starts a child that runs for an hour, in its own process group.
fn spawn() {
    use std::os::unix::process::CommandExt;
    let mut child = std::process::Command::new("sleep").arg("3600").process_group(0).spawn().expect("sleep exists");
    print_line(&format!("child {}", child.id()));
    std::thread::spawn(move || child.wait());
}

/// Calls `next` from eight threads forever, although it has an invocation already.
fn call_forever(api: &str) {
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    http::call(api, "GET", &format!("{RUNTIME}/invocation/next"), &[], b"").expect("the API answers");
                }
            });
        }
    });
}

/// Makes the API call that the event describes, and returns its result.
fn call_api(api: &str, event: &Value) -> Value {
    let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
    let headers: Vec<(String, String)> = event["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect();
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let result =
        http::call(api, &text("method"), &text("path"), &headers, text("body").as_bytes()).expect("a response");
    json!({ "status": result.status, "body": serde_json::from_slice::<Value>(&result.body).unwrap_or_default() })
}

fn print_line(line: &str) {
    let mut stdout = std::io::stdout();
    stdout.write_all(format!("{line}\n").as_bytes()).expect("a pipe");
}
