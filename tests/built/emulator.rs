//! AWS's emulator with one built function and the built layer, where Lambda mounts them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;
use tokio::net::TcpStream;

use crate::PATIENCE;
use crate::address::free_address;
use crate::program::{Program, named_by};

/// The emulator looks for extensions in `/opt` only, and Lambda's `/tmp` is no other's: so both are its own, in a mount namespace. What
/// is bound may lie in `/tmp` itself, so that is covered last.
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
    program: Program,
    address: String,
}

impl Emulator {
    pub(crate) async fn start(layer: &Path, bootstrap: &Path, environment: &BTreeMap<String, String>) -> Self {
        let emulator = named_by("CRUDDER_RIE");
        let [address, api] = [free_address(), free_address()];
        let mut command = Command::new("unshare");
        command.arg("--mount");
        if !rustix::process::geteuid().is_root() {
            command.arg("--map-root-user");
        }
        command.args(["sh", "-ec", SCRIPT, "sh"]).args([layer, bootstrap, &emulator]).args([&address, &api]);
        command.envs(environment).env("AWS_LAMBDA_FUNCTION_TIMEOUT", "30").env("AWS_REGION", "us-east-1");
        command.env("AWS_ACCESS_KEY_ID", "local").env("AWS_SECRET_ACCESS_KEY", "local");
        let program = Program::start(&mut command);
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(&address).await.is_err() {
            assert!(Instant::now() < end, "the emulator does not listen; it said:\n{}", program.so_far());
            tokio::task::yield_now().await;
        }
        Self { program, address }
    }

    /// The function's answer.
    pub(crate) async fn invoke(&self, event: &Value) -> Value {
        let address = format!("http://{}/2015-03-31/functions/function/invocations", self.address);
        let request = reqwest::Client::new().post(address).timeout(PATIENCE).body(event.to_string());
        let text = request.send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}; it said:\n{}", self.said()))
    }

    pub(crate) fn said(&self) -> String {
        self.program.so_far()
    }

    pub(crate) async fn end(self) {
        self.program.end().await;
    }
}
