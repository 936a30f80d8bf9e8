//! The payload about a death.

use super::Malformed;
use super::encoding::{Fields, put_text, time_and_number};

/// Why an invocation, or the init phase, died.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum DeathCause {
    /// The deadline passed.
    Timeout = 1,
    /// The process reached the memory limit.
    OutOfMemory = 2,
    /// The process was killed by a signal or aborted.
    Crash = 3,
    /// The process exited on its own.
    Exit = 4,
    /// The platform refused the response, or stopped the sandbox for another reason.
    Platform = 5,
}

impl DeathCause {
    /// Returns the name of the cause for spans, items and documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::OutOfMemory => "out-of-memory",
            Self::Crash => "crash",
            Self::Exit => "exit",
            Self::Platform => "platform",
        }
    }

    pub(super) fn from_number(number: u8) -> Option<Self> {
        [Self::Timeout, Self::OutOfMemory, Self::Crash, Self::Exit, Self::Platform]
            .into_iter()
            .find(|cause| *cause as u8 == number)
    }
}

/// A death and its cause, as the reader determined it.
///
/// The reader writes this record before it sends anything that depends on the cause, so that it
/// repeats the same cause after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeathRecord<'a> {
    /// When the invocation died, in nanoseconds since 1970.
    pub at_unix_nano: u64,
    /// Why it died.
    pub cause: DeathCause,
    /// The trace id of the invocation; for a death in the init phase, the id of a trace of its own.
    pub trace: [u8; 16],
    /// Lambda's id of the invocation; empty for a death in the init phase. The start has it too,
    /// but this record may outlive the start.
    pub request_id: &'a str,
    /// The platform's name for the error, such as `Runtime.ExitError`; may be empty.
    pub detail: &'a str,
}

impl<'a> DeathRecord<'a> {
    /// Appends the payload to `to`.
    pub fn encode(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&time_and_number(self.at_unix_nano, self.cause as u8));
        to.extend_from_slice(&self.trace);
        put_text(to, self.request_id);
        put_text(to, self.detail);
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// [`Malformed`] if the payload is too short, a text is not UTF-8 or the cause is unknown.
    pub fn decode(payload: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::new(payload);
        let at_unix_nano = fields.u64()?;
        let cause = DeathCause::from_number(fields.u8()?).ok_or(Malformed)?;
        let trace = fields.bytes()?;
        Ok(Self { at_unix_nano, cause, trace, request_id: fields.text()?, detail: fields.text()? })
    }
}
