//! AWS's emulator as a child of a test, with one real function and the layer where Lambda mounts it.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use crudder_vendors::{HoneycombKey, RollbarToken, Vendors};
use serde_json::Value;
use tokio::net::TcpStream;

use crate::{
    address::free_address,
    program::{Program, named_by},
};

const LAYER: &str = env!("CARGO_BIN_EXE_crudder-extension");
/// How long the emulator may take to listen; it needs a blink.
const PATIENCE: Duration = Duration::from_secs(30);

/// The emulator looks for extensions in `/opt` only, and Lambda's `/tmp` is no other's: so both are its own. What is bound may lie
/// in `/tmp` itself, so that is covered last.
const SCRIPT: &str = r#"
mount -t tmpfs tmpfs /opt
mkdir /opt/extensions /opt/bin
bind() { : >"$2"; mount --bind "$1" "$2"; }
bind "$1" /opt/extensions/crudder-extension
bind "$2" /opt/bin/bootstrap
bind "$3" /opt/bin/emulator
mount -t tmpfs tmpfs /tmp
exec /opt/bin/emulator --log-level info \
  --runtime-interface-emulator-address "$4" --runtime-api-address "$5" /opt/bin/bootstrap
"#;

pub(crate) struct Emulator {
    pub(crate) program: Program,
    address: String,
}

impl Emulator {
    /// With one of Crudder's functions and this timeout, in whole seconds.
    pub(crate) async fn start(function: &str, timeout_s: u64, vendors: &Vendors) -> Self {
        let emulator = named_by("CRUDDER_RIE");
        let [address, api] = [free_address(), free_address()];
        let mut command = in_a_namespace();
        command.args(["sh", "-ec", SCRIPT, "sh", LAYER]).args([built(function), emulator]).args([&address, &api]);
        command.env("AWS_LAMBDA_FUNCTION_TIMEOUT", timeout_s.to_string()).env("CRUDDER_FAULTS", "on");
        command.env("HONEYCOMB_API_KEY", HoneycombKey::local().text.reveal());
        command.env("HONEYCOMB_API_ENDPOINT", vendors.honeycomb.url());
        command.env("ROLLBAR_ACCESS_TOKEN", RollbarToken::local().text.reveal());
        command.env("ROLLBAR_ENDPOINT", format!("{}/api/1/item/", vendors.rollbar.url()));
        let program = Program::start(&mut command);
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(&address).await.is_err() {
            assert!(Instant::now() < end, "the emulator does not listen; it said:\n{}", program.so_far());
            tokio::task::yield_now().await;
        }
        Self { program, address }
    }

    /// Status and body of the emulator's answer.
    pub(crate) async fn invoke(&self, event: &Value) -> (u16, String) {
        let address = format!("http://{}/2015-03-31/functions/function/invocations", self.address);
        let request = reqwest::Client::new().post(address).timeout(PATIENCE).body(event.to_string());
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a whole answer"))
    }

    /// What the function answers to a proxy event: status and body.
    pub(crate) async fn request(&self, event: &Value) -> (u64, String) {
        let (status, answer) = self.invoke(event).await;
        assert_eq!(status, 200, "{answer}");
        let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("no proxy answer: {answer}"));
        let body = answer["body"].as_str().expect("a body").to_owned();
        (answer["statusCode"].as_u64().expect("a status"), body)
    }
}

/// The sample event of a function, with this query.
pub(crate) fn event(function: &str, query: Option<(&str, &str)>) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../events/{function}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut event: Value = serde_json::from_str(&text).expect("JSON");
    if let Some((name, value)) = query {
        event["queryStringParameters"] = serde_json::json!({ name: value });
        event["multiValueQueryStringParameters"] = serde_json::json!({ name: [value] });
    }
    event
}

/// A function's binary. It is another package's, so cargo names it to nobody here; it lies beside the layer's.
fn built(function: &str) -> PathBuf {
    let path = Path::new(LAYER).with_file_name(function);
    assert!(path.is_file(), "{} is not built: `make witness` builds the layer and the functions", path.display());
    path
}

/// A command that runs its arguments in a mount namespace, as root there: root needs nobody's leave for that, others a user namespace.
fn in_a_namespace() -> Command {
    let command = || {
        let mut command = Command::new("unshare");
        command.arg("--mount");
        if !rustix::process::geteuid().is_root() {
            command.arg("--map-root-user");
        }
        command
    };
    let tried = command().args(["mount", "-t", "tmpfs", "tmpfs", "/opt"]).output().expect("util-linux's `unshare`");
    assert!(
        tried.status.success(),
        "the emulator takes extensions from /opt only, so it must run in a mount namespace of its own, and this machine does not \
         allow one ({}): run `make witness` as root, or where user namespaces are allowed",
        String::from_utf8_lossy(&tried.stderr).trim()
    );
    command()
}
