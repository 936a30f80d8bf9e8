//! The test extension's listener: it prints every event of telemetry that it gets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use serde_json::{Value, json};

use crate::{http, say};

/// Binds, subscribes with this schema, and says what the API answered. `manner` is how the listener answers.
pub(crate) fn subscribe(api: &str, id: &str, schema: &str, manner: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let destination = match manner {
        "tcp" => json!({ "protocol": "TCP", "port": port }),
        _ => json!({ "protocol": "HTTP", "URI": format!("http://sandbox.localdomain:{port}/telemetry") }),
    };
    let wish = json!({
        "schemaVersion": schema,
        "types": ["platform", "function"],
        "buffering": { "maxItems": 1000, "maxBytes": 262_144, "timeoutMs": 25 },
        "destination": destination,
    });
    let manner = manner.to_owned();
    thread::spawn(move || listen(&listener, &manner));
    let headers = [("lambda-extension-identifier", id)];
    let answer =
        http::call(api, "PUT", "/2022-07-01/telemetry", &headers, wish.to_string().as_bytes()).expect("an answer");
    say(&format!("subscribed {} {}", answer.status, String::from_utf8_lossy(&answer.body)));
}

fn listen(listener: &TcpListener, manner: &str) {
    let mut refusals = manner.strip_prefix("refuse-").map_or(0, |times| times.parse().expect("a number"));
    for stream in listener.incoming() {
        let mut stream = stream.expect("a connection");
        let events = match manner {
            "tcp" => read_lines(&mut stream),
            _ => read_post(&mut stream),
        };
        if refusals > 0 {
            refusals -= 1;
            say("refused");
            answer(&mut stream, "503 Service Unavailable");
            continue;
        }
        for event in events {
            say(&format!("telemetry {event}"));
        }
        answer(&mut stream, "200 OK");
    }
}

fn answer(stream: &mut TcpStream, status: &str) {
    // A sender of plain TCP does not wait for it.
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
