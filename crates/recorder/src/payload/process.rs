//! The payload about a writing process.

use super::Malformed;
use super::encoding::{Fields, put_text};

/// A writing process. A Lambda extension cannot learn these facts elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessStarted<'a> {
    /// When the process started, in nanoseconds since 1970.
    pub started_unix_nano: u64,
    /// The process id, as the process sees it.
    pub pid: u32,
    /// The memory limit in megabytes; 0 if it is unknown.
    pub memory_mb: u32,
    /// The name of the Lambda function.
    pub function: &'a str,
    /// The value of `AWS_XRAY_DAEMON_ADDRESS`; empty if it is not set.
    pub xray_daemon: &'a str,
    /// An encoded OTLP `Resource`.
    pub resource: &'a [u8],
}

impl<'a> ProcessStarted<'a> {
    /// Appends the payload to `to`.
    pub fn encode(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.started_unix_nano.to_le_bytes());
        to.extend_from_slice(&self.pid.to_le_bytes());
        to.extend_from_slice(&self.memory_mb.to_le_bytes());
        put_text(to, self.function);
        put_text(to, self.xray_daemon);
        to.extend_from_slice(self.resource);
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// [`Malformed`] if the payload is too short or a text is not UTF-8.
    pub fn decode(payload: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::new(payload);
        Ok(Self {
            started_unix_nano: fields.u64()?,
            pid: fields.u32()?,
            memory_mb: fields.u32()?,
            function: fields.text()?,
            xray_daemon: fields.text()?,
            resource: fields.rest(),
        })
    }
}
