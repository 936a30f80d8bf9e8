//! Runs each example as a process under a minimal Runtime API, and checks its response and its telemetry.
#![expect(clippy::unwrap_used, reason = "a failed helper fails its test")]

mod support;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crudder_recorder::{Kind, SpanIds};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::{Value, json};

use support::{Destinations, lines};

const HEADER: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// The path of an example's binary, beside the folder of the test's own. `cargo test` builds examples, `cargo test
/// --test` does not.
fn example(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let path = own.parent().and_then(Path::parent).unwrap().join("examples").join(name);
    assert!(path.exists(), "{} is not built: run `cargo build --examples` first", path.display());
    path
}

/// The result of one invocation of an example.
struct Run {
    response: Value,
    lines: Vec<Value>,
    documents: Vec<Value>,
    spans: Vec<Span>,
}

/// Invokes an example once.
fn run(name: &str, event: &str) -> Run {
    let mut destinations = Destinations::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut child = destinations
        .command(example(name))
        .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr().unwrap().to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}"))
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "stream")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let response = serve_one(&listener, event);
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    let mut spans = Vec::new();
    while let Some(record) = destinations.reader.read() {
        if record.kind == Kind::SpanEnded {
            let (_, message) = SpanIds::split(record.payload).unwrap();
            spans.push(Span::decode(message).unwrap());
        }
    }
    Run { response, lines: lines(&output), documents: destinations.documents(), spans }
}

impl Run {
    fn line(&self, message: &str) -> &Value {
        self.lines
            .iter()
            .find(|line| line["message"] == message)
            .unwrap_or_else(|| panic!("{message}: {:?}", self.lines))
    }
}

/// A Runtime API that hands out one event, takes the response, and closes its connections when the
/// function polls for the next event.
fn serve_one(listener: &TcpListener, event: &str) -> Value {
    let mut response = Value::Null;
    for _ in 0..2 {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Some((start, headers)) = read_head(&mut reader) {
            let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            if start.contains("/invocation/next") && response.is_null() {
                let head = format!(
                    "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 8f7c2e1a\r\nLambda-Runtime-Deadline-Ms: 4102444800000\r\n\
                     Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:ca-central-1:123456789012:function:example\r\n\
                     Lambda-Runtime-Trace-Id: {HEADER}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{event}",
                    event.len()
                );
                stream.write_all(head.as_bytes()).unwrap();
            } else if start.starts_with("POST") {
                stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").unwrap();
                response = serde_json::from_slice(&body).unwrap();
            } else {
                return response;
            }
        }
    }
    response
}

fn read_head(reader: &mut impl BufRead) -> Option<(String, HashMap<String, String>)> {
    let mut lines = reader.lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let start = lines.next()?;
    let header =
        |line: String| line.split_once(": ").map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    Some((start, lines.filter_map(header).collect()))
}

#[test]
fn the_plain_example_is_observed_in_under_twenty_lines() {
    let source = include_str!("../examples/plain.rs");
    assert!(source.lines().count() < 20, "{}", source.lines().count());
    for (event, fails) in [(include_str!("../examples/events/plain.json"), false), ("{}", true)] {
        let run = run("plain", event);
        let documents = &run.documents;
        assert_eq!((documents.len(), &documents[0]["name"]), (1, &json!("plain")));
        assert_eq!(documents[0]["subsegments"][0]["name"], "greet");
        if fails {
            assert_eq!(run.response["errorMessage"], "missing name");
            assert_eq!(documents[0]["cause"]["exceptions"][0]["message"], "missing name");
        } else {
            assert_eq!(run.response, json!({"hello": "coco"}));
            let greeting = run.line("greeting");
            assert_eq!((&greeting["length"], &greeting["xray_trace_id"]), (&json!(4), &documents[0]["trace_id"]));
        }
    }
}

#[test]
fn the_http_example_has_the_attributes_of_its_request_and_an_access_line() {
    let run = run("http", include_str!("../examples/events/http.json"));
    assert_eq!(
        (&run.response["statusCode"], &run.response["body"]),
        (&json!(200), &json!(r#"{"id":"lamp","price":42}"#))
    );
    let document = &run.documents[0];
    assert_eq!(
        (&document["name"], &document["metadata"]["shop"]["faas.trigger"]),
        (&json!("GET /items/id"), &json!("http"))
    );
    let request = &document["http"]["request"];
    let url = "https://shop.execute-api.ca-central-1.amazonaws.com/items/lamp?currency=CAD";
    assert_eq!((&request["method"], &request["url"]), (&json!("GET"), &json!(url)));
    assert_eq!((&request["client_ip"], &request["user_agent"]), (&json!("203.0.113.7"), &json!("curl/8.5.0")));
    assert_eq!(
        (&document["http"]["response"]["status"], &document["annotations"]["item"]),
        (&json!(200), &json!("lamp"))
    );
    let access = run.line("203.0.113.7 GET https /items/lamp 200 OK");
    assert_eq!((&access["http.response.status_code"], &access["route"]), (&json!(200), &json!("GET /items/{id}")));
    assert!(run.spans.iter().any(|span| span.name == "GET /items/{id}"));
}

#[test]
fn an_http_status_of_4xx_is_a_warning_and_no_failure() {
    let event = include_str!("../examples/events/http.json").replace("lamp", "sofa");
    let run = run("http", &event);
    assert_eq!((&run.response["statusCode"], run.documents[0].get("fault")), (&json!(404), None));
    assert_eq!(run.line("203.0.113.7 GET https /items/sofa 404 Not Found")["level"], "WARN");
}

#[test]
fn the_sqs_example_returns_failed_messages_and_links_each_to_its_sender() {
    let run = run("sqs", include_str!("../examples/events/sqs.json"));
    let failed = json!({"batchItemFailures": [{"itemIdentifier": "2e1424d4-f796-459a-8184-9c92662be6da"}]});
    assert_eq!(run.response, failed);
    assert_eq!(run.line("order taken")["quantity"], 3);
    let messages: Vec<_> = run.spans.iter().filter(|span| span.name == "process").collect();
    let traces: Vec<_> = messages.iter().flat_map(|span| &span.links).map(|link| link.trace_id.clone()).collect();
    let sender = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128;
    assert_eq!((messages.len(), traces), (2, vec![sender.to_be_bytes().to_vec()]));
    let steps = run.documents[0]["subsegments"].as_array().unwrap();
    assert_eq!((steps[0].get("fault"), &steps[1]["fault"]), (None, &json!(true)));
    assert_eq!(run.documents[0].get("fault"), None, "the batch itself succeeded");
}
