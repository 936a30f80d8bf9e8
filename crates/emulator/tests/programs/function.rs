//! A function for the tests: it does what its event says, and in init what `AT_INIT` says.

#![expect(
    clippy::disallowed_methods,
    reason = "a test program reads its environment where it needs it and sleeps where told"
)]

mod http;

use std::io::Write;
use std::process::{abort, exit};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

const RUNTIME: &str = "/2018-06-01/runtime";

fn main() {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").expect("the emulator sets it");
    at_init(&api);
    let mut count = 0;
    loop {
        let next = http::call(&api, "GET", &format!("{RUNTIME}/invocation/next"), &[], b"").expect("the API answers");
        let event: Value = serde_json::from_slice(&next.body).unwrap_or_default();
        count += 1;
        serve(&api, &next, &event, count);
    }
}

fn at_init(api: &str) {
    let wish = std::env::var("AT_INIT").unwrap_or_default();
    let first_life = !marked("lives");
    match wish.as_str() {
        "exit" => exit(3),
        "exit-once" if first_life => exit(3),
        "hang" => sleep(Duration::from_secs(3600)),
        "hang-once" if first_life => sleep(Duration::from_secs(3600)),
        "error" => {
            let body = json!({ "errorType": "Function.NoTable", "errorMessage": "no table" }).to_string();
            let headers = [("lambda-runtime-function-error-type", "Function.NoTable")];
            http::call(api, "POST", &format!("{RUNTIME}/init/error"), &headers, body.as_bytes()).expect("accepted");
            exit(1);
        }
        _ => (),
    }
}

/// Whether this environment's `/tmp` bears the mark; from now on it does.
fn marked(name: &str) -> bool {
    let path = format!("{}/{name}", std::env::var("TMPDIR").expect("the emulator sets it"));
    let known = std::fs::exists(&path).expect("a readable folder");
    std::fs::write(&path, b"x").expect("a writable folder");
    known
}

fn serve(api: &str, next: &http::Answer, event: &Value, count: u32) {
    let id = next.headers["lambda-runtime-aws-request-id"].clone();
    let milliseconds = event["ms"].as_u64().unwrap_or(0);
    match event["do"].as_str().unwrap_or("echo") {
        "exit" => exit(event["code"].as_i64().unwrap_or(1) as i32),
        "panic" => panic!("told to"),
        "abort" => abort(),
        "sleep" => sleep(Duration::from_millis(milliseconds)),
        "print" => print(event),
        "say" => say(event["line"].as_str().unwrap_or_default()),
        "allocate" => allocate(event["mb"].as_u64().unwrap_or(0)),
        "spawn" => spawn(),
        "hammer" => hammer(api),
        "fail" => return fail(api, &id),
        "large" => return large(api, &id, event["bytes"].as_u64().unwrap_or(0) as usize),
        "call" => return report(api, &id, &probe(api, event)),
        "environment" => return report(api, &id, &std::env::vars().collect()),
        "exit-after-answer" => {
            report(api, &id, &json!("last words"));
            exit(4);
        }
        _ => (),
    }
    if event["then"] == "sleep" {
        sleep(Duration::from_secs(3600));
    }
    let answer = json!({ "event": event, "headers": next.headers, "count": count, "pid": std::process::id() });
    report(api, &id, &answer);
}

fn report(api: &str, id: &str, answer: &Value) {
    respond(api, id, answer.to_string().as_bytes());
}

fn respond(api: &str, id: &str, body: &[u8]) -> http::Answer {
    http::call(api, "POST", &format!("{RUNTIME}/invocation/{id}/response"), &[], body).expect("the API answers")
}

fn fail(api: &str, id: &str) {
    let body = json!({ "errorType": "Handler", "errorMessage": "it went wrong" }).to_string();
    let headers = [("lambda-runtime-function-error-type", "Function.Handler")];
    let path = format!("{RUNTIME}/invocation/{id}/error");
    http::call(api, "POST", &path, &headers, body.as_bytes()).expect("the API answers");
}

fn large(api: &str, id: &str, bytes: usize) {
    let answer = respond(api, id, &vec![b'1'; bytes]);
    say(&format!("posted {bytes}: {} {}", answer.status, String::from_utf8_lossy(&answer.body)));
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
    let mut held = Vec::new();
    for _ in 0..mb {
        held.push(vec![1_u8; 1024 * 1024]);
        sleep(Duration::from_millis(1));
    }
    sleep(Duration::from_secs(3600));
    drop(held);
}

/// A child that would live for an hour, in a process group of its own.
fn spawn() {
    use std::os::unix::process::CommandExt;
    let mut child = std::process::Command::new("sleep").arg("3600").process_group(0).spawn().expect("sleep exists");
    say(&format!("child {}", child.id()));
    std::thread::spawn(move || child.wait());
}

/// Asks for what it has already, from eight threads and for ever.
fn hammer(api: &str) {
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

/// Makes one call of the API and says what came back.
fn probe(api: &str, event: &Value) -> Value {
    let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
    let headers: Vec<(String, String)> = event["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect();
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = http::call(api, &text("method"), &text("path"), &headers, text("body").as_bytes()).expect("an answer");
    json!({ "status": answer.status, "body": serde_json::from_slice::<Value>(&answer.body).unwrap_or_default() })
}

fn say(line: &str) {
    let mut stdout = std::io::stdout();
    stdout.write_all(format!("{line}\n").as_bytes()).expect("a pipe");
}
