//! A function for the gateway's tests: it responds with its event, or does what the query selects.
//!
//! It calls the Runtime API over a plain socket, so that the tests depend on no runtime library.

use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

#[expect(clippy::disallowed_methods, reason = "Lambda passes the address of the Runtime API in this variable")]
fn main() -> Result<()> {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").map_err(std::io::Error::other)?;
    loop {
        let (head, event) = call(&api, "GET", "/2018-06-01/runtime/invocation/next", "")?;
        let id = header(&head, "lambda-runtime-aws-request-id").unwrap_or_default();
        let event: Value = serde_json::from_str(&event)?;
        let (path, body) = respond(&event, &head);
        call(&api, "POST", &format!("/2018-06-01/runtime/invocation/{id}/{path}"), &body)?;
    }
}

/// Returns the path of the Runtime API to post to, and the body.
fn respond(event: &Value, head: &[String]) -> (&'static str, String) {
    let query = |name: &str| event["queryStringParameters"][name].as_str().unwrap_or_default();
    match query("do") {
        "respond" => ("response", query("response").to_owned()),
        "large" => ("response", json!({"statusCode": 200, "body": "x".repeat(7 * 1024 * 1024)}).to_string()),
        "fail" => ("error", json!({"errorType": "Requested", "errorMessage": "as requested"}).to_string()),
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

/// Sends one request on its own connection. Returns the lines of the head and the body.
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
    pairs.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned()).next()
}
