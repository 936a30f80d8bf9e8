//! The processes under test, and what `/proc` tells of them.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::awake;
use crate::platform::Platform;
use crate::sink::Sink;

/// The unit of CPU times in `/proc`, the same on every Linux that a program sees (`proc(5)`, USER_HZ).
const TICKS_A_SECOND: f64 = 100.0;
/// The layer, as this run of Cargo has built it.
pub(crate) const LAYER: &str = env!("CARGO_BIN_EXE_crudder-extension");

/// A running process; it ends with its owner.
pub(crate) struct Process {
    child: Child,
}

impl Process {
    pub(crate) fn layer(variables: &BTreeMap<&'static str, String>) -> io::Result<Self> {
        // What it says goes where this program's figures go: a line in a run is a fault.
        Self::spawn(Command::new(LAYER).envs(variables).stdout(Stdio::inherit()))
    }

    /// This binary as one of the programs of `work.rs`. Its lines go into a pipe that somebody empties, as in Lambda.
    pub(crate) fn own(role: &str, variables: &BTreeMap<&'static str, String>) -> io::Result<Self> {
        Self::of(&std::env::current_exe()?, Some(role), variables)
    }

    /// Any function; its lines go where those of our own go.
    pub(crate) fn of(
        program: &Path,
        role: Option<&str>,
        variables: &BTreeMap<&'static str, String>,
    ) -> io::Result<Self> {
        let mut process = Self::spawn(Command::new(program).args(role).envs(variables).stdout(Stdio::piped()))?;
        if let Some(mut lines) = process.child.stdout.take() {
            std::thread::spawn(move || {
                awake::stand_back();
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

    /// Stops it until [`Self::resume`], as Lambda freezes what it does not need.
    pub(crate) fn freeze(&self) -> io::Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), Signal::STOP)?)
    }

    pub(crate) fn resume(&self) -> io::Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), Signal::CONT)?)
    }

    /// Seconds of CPU so far, in steps of ten milliseconds.
    pub(crate) fn cpu(&self) -> io::Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // Behind the name, which may hold anything, comes field 3; `utime` and `stime` are fields 14 and 15.
        let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
        Ok(fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS_A_SECOND)
    }

    /// Megabytes (of 1,000,000 bytes) that it holds now.
    pub(crate) fn resident(&self) -> io::Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().map_err(io::Error::other)?;
        Ok(kilobytes * 1024.0 / 1e6)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It is gone, or goes now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What function and layer find in their environment.
pub(crate) fn variables(platform: &Platform, folder: &Path, vendor: Option<&Sink>) -> BTreeMap<&'static str, String> {
    let mut variables = BTreeMap::from([
        ("AWS_LAMBDA_RUNTIME_API", platform.address.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench".to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench".to_owned()),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]bench".to_owned()),
        ("CRUDDER_RECORDER", folder.join("ring").display().to_string()),
    ]);
    if let Some(vendor) = vendor {
        variables.extend([
            ("HONEYCOMB_API_KEY", "hcaik_bench".to_owned()),
            ("HONEYCOMB_API_ENDPOINT", vendor.url().to_owned()),
            ("ROLLBAR_ACCESS_TOKEN", "bench".to_owned()),
            ("ROLLBAR_ENDPOINT", vendor.url().to_owned()),
        ]);
    }
    variables
}

/// Megabytes of a program without its symbols; `None` where there is none, or no `strip`.
pub(crate) fn stripped(program: &Path, folder: &Path) -> Option<f64> {
    if !program.is_file() {
        return None;
    }
    let target = folder.join("stripped");
    let arguments: [&OsStr; 3] = ["-o".as_ref(), target.as_ref(), program.as_ref()];
    Command::new("strip").args(arguments).status().ok().filter(std::process::ExitStatus::success)?;
    Some(std::fs::metadata(target).ok()?.len() as f64 / 1e6)
}
