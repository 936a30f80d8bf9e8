//! The telemetry listener of the test extension. It prints every event.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use serde_json::{Value, json};

use crate::{http, print_line};

/// Subscribes with this schema and prints the result.
///
/// `behavior` is that of the listener: `tcp` for plain TCP, `refuse-N` to answer the first N
/// batches with 503.
pub(crate) fn subscribe(api: &str, id: &str, schema: &str, behavior: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let destination = match behavior {
        "tcp" => json!({ "protocol": "TCP", "port": port }),
        _ => json!({ "protocol": "HTTP", "URI": format!("http://sandbox.localdomain:{port}/telemetry") }),
    };
    let request = json!({
        "schemaVersion": schema,
        "types": ["platform", "function"],
        "buffering": { "maxItems": 1000, "maxBytes": 262_144, "timeoutMs": 25 },
        "destination": destination,
    });
    let behavior = behavior.to_owned();
    thread::spawn(move || listen(&listener, &behavior));
    let headers = [("lambda-extension-identifier", id)];
    let response =
        http::call(api, "PUT", "/2022-07-01/telemetry", &headers, request.to_string().as_bytes()).expect("a response");
    print_line(&format!("subscribed {} {}", response.status, String::from_utf8_lossy(&response.body)));
}

fn listen(listener: &TcpListener, behavior: &str) {
    let mut refusals = behavior.strip_prefix("refuse-").map_or(0, |times| times.parse().expect("a number"));
    for stream in listener.incoming() {
        let mut stream = stream.expect("a connection");
        let events = match behavior {
            "tcp" => read_lines(&mut stream),
            _ => read_post(&mut stream),
        };
        if refusals > 0 {
            refusals -= 1;
            print_line("refused");
            respond(&mut stream, "503 Service Unavailable");
            continue;
        }
        for event in events {
            print_line(&format!("telemetry {event}"));
        }
        respond(&mut stream, "200 OK");
    }
}

fn respond(stream: &mut TcpStream, status: &str) {
    // This fails for plain TCP, whose sender reads no response.
    let _unread =
        stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes());
}

fn read_lines(stream: &mut TcpStream) -> Vec<Value> {
    BufReader::new(stream).lines().map(|line| serde_json::from_str(&line.expect("a line")).expect("JSON")).collect()
}

fn read_post(stream: &mut TcpStream) -> Vec<Value> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line).expect("a request") > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = value.trim().parse().expect("a number");
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    serde_json::from_slice(&body).expect("an array")
}
