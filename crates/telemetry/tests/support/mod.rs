//! A process under telemetry, and the destinations that it writes to.

use std::ffi::OsStr;
use std::net::UdpSocket;
use std::process::{Command, Output};

use crudder_recorder::Reader;
use serde_json::Value;
use tempfile::TempDir;

/// The destinations of one process.
pub(crate) struct Destinations {
    daemon: UdpSocket,
    pub(crate) folder: TempDir,
    pub(crate) reader: Reader,
}

impl Destinations {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let reader = Reader::open(&folder.path().join("ring"), 1 << 20).unwrap();
        Self { daemon: UdpSocket::bind("127.0.0.1:0").unwrap(), folder, reader }
    }

    /// A command whose only variables are those of the destinations.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("AWS_XRAY_DAEMON_ADDRESS", self.daemon.local_addr().unwrap().to_string())
            .env("CRUDDER_RECORDER", self.folder.path().join("ring"))
            .env("RUST_LOG", "off");
        command
    }

    /// The X-Ray documents so far.
    pub(crate) fn documents(&self) -> Vec<Value> {
        self.daemon.set_nonblocking(true).unwrap();
        let mut buffer = vec![0; 1 << 16];
        let mut documents = Vec::new();
        while let Ok(length) = self.daemon.recv(&mut buffer) {
            let body = buffer.iter().position(|byte| *byte == b'\n').unwrap();
            documents.push(serde_json::from_slice(&buffer[body..length]).unwrap());
        }
        documents
    }
}

/// The log lines of a process.
pub(crate) fn lines(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}
