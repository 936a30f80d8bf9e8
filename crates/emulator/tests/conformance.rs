//! AWS's own Runtime Interface Emulator runs the same function: what both have, both must do alike.
//!
//! The emulator comes in the wheel of `aws-sam-cli` on PyPI (`samcli/local/rapid/aws-lambda-rie-x86_64`). With its path in
//! `CRUDDER_RIE`, as `make witness` sets it: `cargo test -p crudder-emulator --features witness --test witness`. It witnesses the words
//! of failures and the refusals of the APIs; it has no Telemetry API, no trace header, no freeze, and takes extensions only from `/opt`.

#[path = "../../../tests/support/address.rs"]
mod address;
#[path = "programs/http.rs"]
mod http;

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use address::free_address;
use crudder_emulator::{Emulator, EmulatorConfig, FunctionConfig, Invocation, Outcome};
use serde_json::{Value, json};

const FUNCTION: &str = env!("CARGO_BIN_EXE_emulator-function");

/// What is asked of both, one after the other.
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
        self.process.kill().expect("it is ours");
        self.process.wait().expect("it is ours");
    }
}

impl AwsEmulator {
    #[expect(clippy::disallowed_methods, reason = "the path of a binary that is not in this repository")]
    fn start() -> Self {
        let program = std::env::var("CRUDDER_RIE").expect("CRUDDER_RIE names the emulator's binary");
        let [address, api] = [free_address(), free_address()];
        let tmp = tempfile::tempdir().expect("a temporary folder");
        let process = Command::new(program)
            .args(["--runtime-interface-emulator-address", &address, "--runtime-api-address", &api, FUNCTION])
            .env("AWS_LAMBDA_FUNCTION_TIMEOUT", "1")
            .env("TMPDIR", tmp.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the emulator starts");
        let end = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(&address).is_err() {
            assert!(Instant::now() < end, "the emulator does not listen");
            std::thread::yield_now();
        }
        Self { process, address, _tmp: tmp }
    }

    fn invoke(&self, event: &Value) -> Vec<u8> {
        let path = "/2015-03-31/functions/function/invocations";
        let answer = http::call(&self.address, "POST", path, &[], event.to_string().as_bytes()).expect("an answer");
        assert!(matches!(answer.status, 200 | 502), "{}", answer.status);
        let whole = answer.headers.get("content-length").and_then(|length| length.parse().ok());
        assert_eq!(whole, Some(answer.body.len()), "the answer was cut off");
        answer.body
    }
}

/// Without what differs from request to request, and without the size that newer emulators tell and older ones do not.
fn plain(body: &[u8]) -> Value {
    let mut value: Value = serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into());
    if let Some(Value::String(message)) = value.get_mut("errorMessage") {
        let words =
            message.split(' ').map(|word| if word.len() == 36 { "ID" } else { word }).collect::<Vec<_>>().join(" ");
        *message = words.replace("(6291557 bytes) ", "").replace(" (core dumped)", "");
    }
    value
}

#[tokio::test]
async fn the_stage_and_the_emulator_of_aws_say_the_same() {
    let aws = AwsEmulator::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let function = FunctionConfig {
        name: "guest".to_owned(),
        bootstrap: FUNCTION.into(),
        timeout: Duration::from_secs(1),
        memory_mb: 128,
        environment: Default::default(),
    };
    let emulator = Emulator::new(EmulatorConfig::new(folder.path()), vec![function]).expect("an emulator");
    for event in events() {
        let ours = emulator.invoke("guest", Invocation::new(event.to_string())).await.expect("a taken invocation");
        assert_eq!(plain(ours.payload()), plain(&aws.invoke(&event)), "{event}");
    }
    // The emulator answers a timeout with its words alone.
    let event = json!({ "do": "sleep", "ms": 5_000 });
    let words = plain(&aws.invoke(&event));
    let Outcome::Failed { message, .. } =
        emulator.invoke("guest", Invocation::new(event.to_string())).await.expect("a taken invocation")
    else {
        panic!("it must time out")
    };
    assert!(message.ends_with(words.as_str().expect("words")), "{message}, {words}");
    emulator.shutdown().await;
}
