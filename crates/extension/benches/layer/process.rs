//! The processes under test, and what `/proc` says about them.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use rustix::process::{Pid, Signal, kill_process};

use crate::awake;
use crate::platform::Platform;
use crate::sink::Sink;

/// The unit of CPU times in `/proc`, the same on every Linux (`proc(5)`, USER_HZ).
const TICKS_PER_SECOND: f64 = 100.0;
/// A running process; it ends with its owner.
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts the extension as the package `layer` has built it.
    pub(crate) fn layer(variables: &BTreeMap<&'static str, String>) -> io::Result<Self> {
        // Its lines go where this program's figures go: a line during a run is an error.
        Self::spawn(Command::new(extension()?).envs(variables).stdout(Stdio::inherit()))
    }

    /// Starts this binary as one of the programs of `work.rs`. Its lines go into a pipe that is
    /// drained, as in Lambda.
    pub(crate) fn own(role: &str, variables: &BTreeMap<&'static str, String>) -> io::Result<Self> {
        Self::of(&std::env::current_exe()?, Some(role), variables)
    }

    /// Starts any function; its lines go into a drained pipe too.
    pub(crate) fn of(
        program: &Path,
        role: Option<&str>,
        variables: &BTreeMap<&'static str, String>,
    ) -> io::Result<Self> {
        let mut process = Self::spawn(Command::new(program).args(role).envs(variables).stdout(Stdio::piped()))?;
        if let Some(mut lines) = process.child.stdout.take() {
            std::thread::spawn(move || {
                awake::lower_priority();
                while matches!(lines.read(&mut [0; 1 << 16]), Ok(1..)) {}
            });
        }
        Ok(process)
    }

    fn spawn(command: &mut Command) -> io::Result<Self> {
        Ok(Self { child: command.spawn()? })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Stops the process until [`Self::resume`], as Lambda freezes an environment.
    pub(crate) fn freeze(&self) -> io::Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), Signal::STOP)?)
    }

    pub(crate) fn resume(&self) -> io::Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), Signal::CONT)?)
    }

    /// Returns the CPU seconds so far, in steps of ten milliseconds.
    pub(crate) fn cpu(&self) -> io::Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // Field 3 follows the name, which may contain anything; `utime` and `stime` are fields 14
        // and 15.
        let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
        Ok(fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_SECOND)
    }

    /// Returns the resident memory in megabytes of 1,000,000 bytes.
    pub(crate) fn resident(&self) -> io::Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().map_err(io::Error::other)?;
        Ok(kilobytes * 1024.0 / 1e6)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Builds the extension, which Cargo does not do for a benchmark of another package, and returns
/// its path.
fn extension() -> io::Result<PathBuf> {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    if let Some(path) = PATH.get() {
        return Ok(path.clone());
    }
    // The benchmark itself lies in the folder `deps` of its profile.
    let own = std::env::current_exe()?;
    let profile =
        own.parent().and_then(Path::parent).ok_or_else(|| io::Error::other("not in Cargo's target folder"))?;
    let command = "cargo build --release --bin crudder-extension";
    let mut arguments = command.split(' ');
    let mut cargo = Command::new(arguments.next().unwrap_or_default());
    let built =
        cargo.args(arguments).arg("--quiet").current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).status()?;
    let path = profile.join("crudder-extension");
    if !built.success() || !path.is_file() {
        return Err(io::Error::other(format!("failed to build {}: run `{command}`", path.display())));
    }
    Ok(PATH.get_or_init(|| path).clone())
}

/// Returns the environment variables of function and extension.
pub(crate) fn variables(
    platform: &Platform,
    folder: &Path,
    destination: Option<&Sink>,
) -> BTreeMap<&'static str, String> {
    let mut variables = BTreeMap::from([
        ("AWS_LAMBDA_RUNTIME_API", platform.address.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench".to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench".to_owned()),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]bench".to_owned()),
        ("CRUDDER_RECORDER", folder.join("ring").display().to_string()),
    ]);
    if let Some(destination) = destination {
        variables.extend([
            ("HONEYCOMB_API_KEY", "hcaik_bench".to_owned()),
            ("HONEYCOMB_API_ENDPOINT", destination.url().to_owned()),
            ("ROLLBAR_ACCESS_TOKEN", "bench".to_owned()),
            ("ROLLBAR_ENDPOINT", destination.url().to_owned()),
        ]);
    }
    variables
}

/// Returns the size in megabytes of a program without its symbols; `None` without the program or
/// without `strip`.
pub(crate) fn stripped(program: &Path, folder: &Path) -> Option<f64> {
    if !program.is_file() {
        return None;
    }
    let target = folder.join("stripped");
    let arguments: [&OsStr; 3] = ["-o".as_ref(), target.as_ref(), program.as_ref()];
    Command::new("strip").args(arguments).status().ok().filter(std::process::ExitStatus::success)?;
    Some(std::fs::metadata(target).ok()?.len() as f64 / 1e6)
}
