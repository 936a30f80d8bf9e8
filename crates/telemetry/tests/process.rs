//! Telemetry in processes of their own, where it owns stdout, the panic hook and the global subscriber.
#![expect(clippy::unwrap_used, reason = "what a test's helper can't have fails its test")]

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crudder_recorder::{Kind, Reader};
use serde_json::{Value, json};
use tempfile::TempDir;

const HEADER: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// The program that does what its argument says.
const OBSERVED: &str = env!("CARGO_BIN_EXE_telemetry-observed");

/// An example's binary lies beside the folder of the test's own. `cargo test` builds examples, `cargo test --test` does not.
fn example(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let path = own.parent().and_then(Path::parent).unwrap().join("examples").join(name);
    assert!(path.exists(), "{} is not built: run `cargo build --examples` first", path.display());
    path
}

/// The planes of one process.
struct Planes {
    daemon: UdpSocket,
    folder: TempDir,
    reader: Reader,
}

impl Planes {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let reader = Reader::open(&folder.path().join("ring"), 1 << 20).unwrap();
        Self { daemon: UdpSocket::bind("127.0.0.1:0").unwrap(), folder, reader }
    }

    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("AWS_XRAY_DAEMON_ADDRESS", self.daemon.local_addr().unwrap().to_string())
            .env("CRUDDER_RECORDER", self.folder.path().join("ring"))
            .env("RUST_LOG", "off");
        command
    }

    fn observed(&self, deed: &str) -> Output {
        self.command(OBSERVED).arg(deed).output().unwrap()
    }

    fn documents(&self) -> Vec<Value> {
        self.daemon.set_nonblocking(true).unwrap();
        let mut buffer = vec![0; 1 << 16];
        let mut documents = Vec::new();
        while let Ok(length) = self.daemon.recv(&mut buffer) {
            let body = buffer.iter().position(|byte| *byte == b'\n').unwrap();
            documents.push(serde_json::from_slice(&buffer[body..length]).unwrap());
        }
        documents
    }

    fn kinds(&mut self) -> Vec<Kind> {
        std::iter::from_fn(|| self.reader.read().map(|record| record.kind)).collect()
    }
}

fn lines(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn a_panic_is_one_json_line_with_frames_and_nothing_on_stderr() {
    let mut planes = Planes::new();
    let output = planes.observed("panic");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(101), ""));
    let lines = lines(&output);
    let line = lines.iter().find(|line| line["level"] == "ERROR").unwrap();
    assert_eq!(line["trace_id"], "5759e988bd862e3fe1be46a994272793");
    assert_eq!(line["requestId"], "8f7c2e1a");
    let exception = &line["exception"];
    assert_eq!(
        (&exception["type"], &exception["message"]),
        (&json!("panic"), &json!("a panic on purpose, for [scrubbed]"))
    );
    let source = include_str!("../fixture/observed.rs");
    let place = 1 + source.lines().position(|line| line.contains("panic!(\"a panic on purpose")).unwrap();
    let place = format!("fixture/observed.rs:{place}");
    assert!(exception["location"].as_str().unwrap().ends_with(&place), "{exception}");
    let trace = exception["stacktrace"].as_str().unwrap();
    assert!(trace.contains("innermost") && trace.contains(&place), "{trace}");
    assert!(!trace.contains("rust_begin_unwind") && !trace.contains("tokio::"), "{trace}");
    let documents = planes.documents();
    assert_eq!((documents.len(), &documents[0]["fault"]), (1, &json!(true)));
    let step = &documents[0]["subsegments"][0];
    assert_eq!(step["cause"]["exceptions"][0]["type"], "panic", "the innermost span has it too: {step}");
    assert!(step["cause"]["exceptions"][0]["stack"][0]["path"].as_str().unwrap().ends_with("observed.rs"), "{step}");
    let kinds = planes.kinds();
    assert_eq!(kinds.iter().filter(|kind| **kind == Kind::Event).count(), 1, "{kinds:?}");
    // The panic was caught: the invocation ended, and then the process by itself.
    assert!(kinds.ends_with(&[Kind::InvocationEnded, Kind::ProcessExited]), "{kinds:?}");
}

#[test]
fn an_abort_leaves_every_started_span_in_the_recorder() {
    let mut planes = Planes::new();
    let output = planes.observed("abort");
    assert_eq!(output.status.code(), None, "a signal ended it");
    use Kind::{InvocationStarted, ProcessStarted, SpanStarted};
    assert_eq!(planes.kinds(), [ProcessStarted, InvocationStarted, SpanStarted, SpanStarted]);
    assert_eq!(lines(&output).last().unwrap()["message"], "working", "what was said before it died is out");
    assert_eq!(planes.documents().len(), 0);
}

#[test]
fn an_error_is_a_fault_with_its_words() {
    let planes = Planes::new();
    let output = planes.observed("error");
    assert!(output.status.success());
    let documents = planes.documents();
    assert_eq!(documents[0]["cause"]["exceptions"][0]["message"], "invalid digit found in string");
    assert_eq!(documents[0]["name"], "GET /deed");
}

#[test]
fn an_error_has_its_backtrace_where_the_process_asks_for_it() {
    for (asked, shown) in [("0", false), ("1", true)] {
        let planes = Planes::new();
        let output = planes.command(OBSERVED).arg("said").env("RUST_LIB_BACKTRACE", asked).output().unwrap();
        assert!(output.status.success());
        let exception = &planes.documents()[0]["subsegments"][0]["cause"]["exceptions"][0];
        assert_eq!(exception["message"], "an error that is said");
        let stack = exception["stack"].as_array().unwrap();
        assert!(stack[0]["path"].as_str().unwrap().ends_with("fixture/observed.rs"), "{exception}");
        assert_eq!(stack.len() > 1, shown, "{exception}");
    }
}

#[test]
fn a_bad_variable_stops_the_process_and_is_named() {
    let planes = Planes::new();
    let output = planes.command(OBSERVED).env("AWS_LAMBDA_LOG_LEVEL", "LOUD").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("AWS_LAMBDA_LOG_LEVEL is \"LOUD\""));
}

#[test]
fn text_is_for_terminals_and_still_one_line() {
    let planes = Planes::new();
    let output = planes.command(OBSERVED).env("AWS_LAMBDA_LOG_FORMAT", "Text").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find(|line| line.contains("working")).unwrap();
    assert!(line.contains(" INFO working requestId=8f7c2e1a route=GET /{deed} deed="), "{line}");
}

#[test]
fn a_recorder_that_cannot_be_had_is_one_line_and_nothing_else() {
    let planes = Planes::new();
    let output = planes.command(OBSERVED).env("CRUDDER_RECORDER", "/proc/nowhere/ring").output().unwrap();
    assert!(output.status.success());
    let off = lines(&output).into_iter().filter(|line| line["level"] == "WARN").collect::<Vec<_>>();
    assert_eq!(off.len(), 1, "{off:?}");
    assert!(off[0]["message"].as_str().unwrap().contains("the flight recorder is off"));
    assert_eq!(planes.documents().len(), 1);
}

#[test]
fn a_function_without_a_layer_says_so_once() {
    let planes = Planes::new();
    let unread = planes.folder.path().join("unread");
    let output = planes.command(OBSERVED).env("CRUDDER_RECORDER", unread).output().unwrap();
    let said =
        lines(&output).into_iter().filter(|line| line["message"].as_str().unwrap().contains("no layer reads")).count();
    assert_eq!(said, 1);
    let read = lines(&planes.observed(""));
    assert!(read.iter().all(|line| !line["message"].as_str().unwrap().contains("no layer")), "{read:?}");
}

/// A Runtime API that hands out one event, takes the answer, and hangs up.
fn serve_one(listener: &TcpListener, event: &str) -> Value {
    let mut answer = Value::Null;
    for _ in 0..2 {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Some((start, headers)) = read_head(&mut reader) {
            let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            if start.contains("/invocation/next") && answer.is_null() {
                let head = format!(
                    "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 8f7c2e1a\r\nLambda-Runtime-Deadline-Ms: 4102444800000\r\n\
                     Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:ca-central-1:123456789012:function:plain\r\n\
                     Lambda-Runtime-Trace-Id: {HEADER}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{event}",
                    event.len()
                );
                stream.write_all(head.as_bytes()).unwrap();
            } else if start.starts_with("POST") {
                stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").unwrap();
                answer = serde_json::from_slice(&body).unwrap();
            } else {
                return answer;
            }
        }
    }
    answer
}

fn read_head(reader: &mut impl BufRead) -> Option<(String, HashMap<String, String>)> {
    let mut lines = reader.lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let start = lines.next()?;
    let header =
        |line: String| line.split_once(": ").map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    Some((start, lines.filter_map(header).collect()))
}

#[test]
fn a_function_that_is_nobodys_in_particular_is_observed_in_under_twenty_lines() {
    let source = include_str!("../examples/plain.rs");
    assert!(source.lines().count() < 20, "{}", source.lines().count());
    for (event, faulty) in [(r#"{"name":"coco"}"#, false), ("{}", true)] {
        let planes = Planes::new();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut child = planes
            .command(example("plain"))
            .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr().unwrap().to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "plain")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/plain")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "stream")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let answer = serve_one(&listener, event);
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        let documents = planes.documents();
        assert_eq!((documents.len(), &documents[0]["name"]), (1, &json!("plain")));
        assert_eq!(documents[0]["subsegments"][0]["name"], "greet");
        if faulty {
            assert_eq!(answer["errorMessage"], "nobody to greet");
            assert_eq!(documents[0]["cause"]["exceptions"][0]["message"], "nobody to greet");
        } else {
            assert_eq!(answer, json!({"hello": "coco"}));
            let lines = lines(&output);
            let greeting = lines.iter().find(|line| line["message"] == "greeting").unwrap();
            assert_eq!((&greeting["length"], &greeting["xray_trace_id"]), (&json!(4), &documents[0]["trace_id"]));
        }
    }
}
