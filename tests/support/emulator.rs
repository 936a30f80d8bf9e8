//! AWS's emulator as a child of a test, with a function and the layer where Lambda mounts them.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::net::TcpStream;

use crate::address::free_address;
use crate::program::{Program, named_by};

/// How long the emulator may take to listen, and an answer to come; both need a blink.
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
    /// With these variables beside its own.
    pub(crate) async fn start(
        layer: &Path,
        bootstrap: &Path,
        variables: impl IntoIterator<Item = (impl AsRef<std::ffi::OsStr>, impl AsRef<std::ffi::OsStr>)>,
    ) -> Self {
        let emulator = named_by("CRUDDER_RIE");
        let [address, api] = [free_address(), free_address()];
        let mut command = in_a_namespace();
        command.args(["sh", "-ec", SCRIPT, "sh"]).args([layer, bootstrap, &emulator]).args([&address, &api]);
        let program = Program::start(command.envs(variables));
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
         allow one ({}): run this as root, or where user namespaces are allowed",
        String::from_utf8_lossy(&tried.stderr).trim()
    );
    command()
}
