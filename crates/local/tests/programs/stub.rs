//! A function for the gateway's tests: it answers with the event that it got, or does what the event's query tells it to. It speaks the Runtime
//! API over a bare socket, so that the tests need no runtime of anybody's.

use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

#[expect(clippy::disallowed_methods, reason = "the Runtime API's address is only ever told by this variable")]
fn main() -> Result<()> {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").map_err(std::io::Error::other)?;
    loop {
        let (head, event) = call(&api, "GET", "/2018-06-01/runtime/invocation/next", "")?;
        let id = header(&head, "lambda-runtime-aws-request-id").unwrap_or_default();
        let event: Value = serde_json::from_str(&event)?;
        let (path, body) = obey(&event, &head);
        call(&api, "POST", &format!("/2018-06-01/runtime/invocation/{id}/{path}"), &body)?;
    }
}

/// What to post where.
fn obey(event: &Value, head: &[String]) -> (&'static str, String) {
    let told = |name: &str| event["queryStringParameters"][name].as_str().unwrap_or_default();
    match told("do") {
        "answer" => ("response", told("answer").to_owned()),
        "large" => ("response", json!({"statusCode": 200, "body": "x".repeat(7 * 1024 * 1024)}).to_string()),
        "fail" => ("error", json!({"errorType": "Told", "errorMessage": "as told"}).to_string()),
        "exit" => std::process::exit(3),
        "hang" => loop {
            std::thread::park();
        },
        _ => {
            let trace = header(head, "lambda-runtime-trace-id");
            let body = json!({"event": event, "trace": trace, "pid": std::process::id()}).to_string();
            ("response", json!({"statusCode": 200, "body": body}).to_string())
        }
    }
}

/// One request on a connection of its own; the head's lines and the body of the answer.
fn call(api: &str, method: &str, path: &str, body: &str) -> Result<(Vec<String>, String)> {
    let mut stream = TcpStream::connect(api)?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {api}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_owned());
    }
    let length = header(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((head, String::from_utf8_lossy(&body).into_owned()))
}

fn header(head: &[String], name: &str) -> Option<String> {
    let pairs = head.iter().filter_map(|line| line.split_once(':'));
    pairs.filter(|(stated, _)| stated.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned()).next()
}
