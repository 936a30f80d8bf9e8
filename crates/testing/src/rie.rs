//! AWS's Lambda Runtime Interface Emulator (RIE) as a child process, with a function and an
//! extension where Lambda mounts them.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::TIMEOUT;
use crate::address::free_address;
use crate::program::{Program, path_from_variable};

/// RIE looks for extensions only in `/opt`, and no other process may use Lambda's `/tmp`. So RIE
/// gets both for itself. The programs may be in `/tmp`, so `/tmp` is covered last.
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

/// A running RIE that serves one function.
#[derive(Debug)]
pub struct Rie {
    /// The process of RIE, and the output of the function and the extension.
    pub program: Program,
    address: String,
}

impl Rie {
    /// Starts the emulator that `CRUDDER_RIE` names, and waits until it listens. `variables` are
    /// added to the environment of the function and the extension.
    ///
    /// # Panics
    /// Panics if the emulator does not listen within [`TIMEOUT`], or if this machine allows no
    /// mount namespace.
    pub async fn start(
        extension: &Path,
        bootstrap: &Path,
        variables: impl IntoIterator<Item = (impl AsRef<OsStr>, impl AsRef<OsStr>)>,
    ) -> Self {
        let emulator = path_from_variable("CRUDDER_RIE");
        let [address, api] = [free_address(), free_address()];
        let mut command = mount_namespace();
        command.args(["sh", "-ec", SCRIPT, "sh"]).args([extension, bootstrap, &emulator]).args([&address, &api]);
        let program = Program::start(command.envs(variables));
        let listens = async {
            while TcpStream::connect(&address).await.is_err() {
                yield_now().await;
            }
        };
        let is_in_time = timeout(TIMEOUT, listens).await.is_ok();
        assert!(is_in_time, "RIE does not listen; its output:\n{}", program.output());
        Self { program, address }
    }

    /// Invokes the function. Returns the status and the body of RIE's response.
    ///
    /// # Panics
    /// Panics if there is no response within [`TIMEOUT`].
    pub async fn invoke(&self, event: &Value) -> (u16, String) {
        let url = format!("http://{}/2015-03-31/functions/function/invocations", self.address);
        let request = reqwest::Client::new().post(url).timeout(TIMEOUT).body(event.to_string());
        let response = request.send().await.expect("a response");
        (response.status().as_u16(), response.text().await.expect("a whole response"))
    }
}

/// Returns a command that runs its arguments as root in a mount namespace.
///
/// Root may create a mount namespace. Other users need a user namespace for that.
fn mount_namespace() -> Command {
    let command = || {
        let mut command = Command::new("unshare");
        command.arg("--mount");
        if !rustix::process::geteuid().is_root() {
            command.arg("--map-root-user");
        }
        command
    };
    let attempt = command().args(["mount", "-t", "tmpfs", "tmpfs", "/opt"]).output().expect("`unshare` of util-linux");
    assert!(
        attempt.status.success(),
        "failed to create a mount namespace, which RIE needs because it looks for extensions only in /opt: {}; run \
         this test as root, or on a machine that allows user namespaces",
        String::from_utf8_lossy(&attempt.stderr).trim()
    );
    command()
}
