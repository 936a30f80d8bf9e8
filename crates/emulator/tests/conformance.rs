//! Compares the emulator with AWS's Runtime Interface Emulator: both run the same function.
//!
//! AWS's emulator is in the wheel of `aws-sam-cli` on PyPI
//! (`samcli/local/rapid/aws-lambda-rie-x86_64`). `make conformance` sets `CRUDDER_RIE` to its path
//! and runs `cargo test -p crudder-emulator --features conformance --test conformance`.
//!
//! The comparison covers the messages of failures and the errors of the APIs. AWS's emulator has no
//! Telemetry API, no trace header and no freeze, and takes extensions from `/opt` only.

#[path = "programs/http.rs"]
mod http;

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crudder_emulator::{Emulator, EmulatorConfig, FunctionConfig, Invocation, Outcome};
use crudder_testing::TIMEOUT;
use crudder_testing::address::free_address;
use serde_json::{Value, json};

const FUNCTION: &str = env!("CARGO_BIN_EXE_emulator-function");

/// Returns the events that both get, one after the other.
fn events() -> Vec<Value> {
    let call = |method: &str, path: &str, headers: Value, body: &str| json!({ "do": "call", "method": method, "path": path, "headers": headers, "body": body });
    let register = "/2020-01-01/extension/register";
    let unknown = json!({ "lambda-extension-identifier": "8f7c2e1a-0000-4000-8000-0123456789ab" });
    vec![
        json!({ "do": "fail" }),
        json!({ "do": "exit", "code": 101 }),
        json!({ "do": "exit", "code": 0 }),
        json!({ "do": "abort" }),
        json!({ "do": "panic" }),
        json!({ "do": "large", "bytes": 6 * 1024 * 1024 + 101 }),
        call("POST", "/2018-06-01/runtime/invocation/nonsense/response", json!({}), "1"),
        call("POST", "/2018-06-01/runtime/invocation/nonsense/error", json!({}), "1"),
        call("POST", "/2018-06-01/runtime/init/error", json!({}), "{}"),
        call("POST", register, json!({ "lambda-extension-name": "late" }), r#"{"events":[]}"#),
        call("POST", register, json!({ "lambda-extension-name": "late" }), r#"{"events":["SHUTDOWN"]}"#),
        call("POST", register, json!({ "lambda-extension-name": "late" }), r#"{"events":["SLEEP"]}"#),
        call("GET", "/2020-01-01/extension/event/next", json!({}), ""),
        call("GET", "/2020-01-01/extension/event/next", json!({ "lambda-extension-identifier": "x" }), ""),
        call("GET", "/2020-01-01/extension/event/next", unknown.clone(), ""),
        call("POST", "/2020-01-01/extension/exit/error", unknown, ""),
    ]
}

struct AwsEmulator {
    process: Child,
    address: String,
    _tmp: tempfile::TempDir,
}

impl Drop for AwsEmulator {
    fn drop(&mut self) {
        self.process.kill().expect("a child of this process");
        self.process.wait().expect("a child of this process");
    }
}

impl AwsEmulator {
    #[expect(clippy::disallowed_methods, reason = "the path of a binary that is not in this repository")]
    fn start() -> Self {
        let program = std::env::var("CRUDDER_RIE").expect("CRUDDER_RIE is the path of AWS's emulator");
        let [address, api] = [free_address(), free_address()];
        let tmp = tempfile::tempdir().expect("a temporary folder");
        let process = Command::new(program)
            .args(["--runtime-interface-emulator-address", &address, "--runtime-api-address", &api, FUNCTION])
            .env("AWS_LAMBDA_FUNCTION_TIMEOUT", "1")
            .env("TMPDIR", tmp.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("AWS's emulator starts");
        let end = Instant::now() + TIMEOUT;
        while TcpStream::connect(&address).is_err() {
            assert!(Instant::now() < end, "AWS's emulator does not listen");
            std::thread::yield_now();
        }
        Self { process, address, _tmp: tmp }
    }

    fn invoke(&self, event: &Value) -> Vec<u8> {
        let path = "/2015-03-31/functions/function/invocations";
        let response = http::call(&self.address, "POST", path, &[], event.to_string().as_bytes()).expect("a response");
        assert!(matches!(response.status, 200 | 502), "{}", response.status);
        let length = response.headers.get("content-length").and_then(|length| length.parse().ok());
        assert_eq!(length, Some(response.body.len()), "the response is incomplete");
        response.body
    }
}

/// Removes what differs between requests, and the size that only newer versions of AWS's emulator
/// write.
fn normalize(body: &[u8]) -> Value {
    let mut value: Value = serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into());
    if let Some(Value::String(message)) = value.get_mut("errorMessage") {
        let message_words =
            message.split(' ').map(|word| if word.len() == 36 { "ID" } else { word }).collect::<Vec<_>>().join(" ");
        *message = message_words.replace("(6291557 bytes) ", "").replace(" (core dumped)", "");
    }
    value
}

#[tokio::test]
async fn the_emulator_and_awss_emulator_give_the_same_answers() {
    let aws = AwsEmulator::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let function = FunctionConfig {
        name: "test-function".to_owned(),
        bootstrap: FUNCTION.into(),
        timeout: Duration::from_secs(1),
        memory_mb: 128,
        environment: Default::default(),
    };
    let emulator = Emulator::new(EmulatorConfig::new(folder.path()), vec![function]).expect("an emulator");
    for event in events() {
        let outcome =
            emulator.invoke("test-function", Invocation::new(event.to_string())).await.expect("an accepted invocation");
        assert_eq!(normalize(outcome.payload()), normalize(&aws.invoke(&event)), "{event}");
    }
    // AWS's emulator answers a timeout with the message only.
    let event = json!({ "do": "sleep", "ms": 5_000 });
    let expected = normalize(&aws.invoke(&event));
    let Outcome::Failed { message, .. } =
        emulator.invoke("test-function", Invocation::new(event.to_string())).await.expect("an accepted invocation")
    else {
        panic!("it must time out")
    };
    assert!(message.ends_with(expected.as_str().expect("a message")), "{message}, {expected}");
    emulator.shutdown().await;
}
