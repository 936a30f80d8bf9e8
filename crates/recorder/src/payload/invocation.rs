//! The payloads about the course of an invocation.

use super::Malformed;
use super::encoding::{Fields, put_text, time_and_number};

/// The start of an invocation.
///
/// ```
/// use crudder_recorder::InvocationStarted;
///
/// let started = InvocationStarted { request_id: "8476a536-e9f4", is_cold: true, ..InvocationStarted::default() };
/// let mut payload = Vec::new();
/// started.encode(&mut payload);
/// assert_eq!(InvocationStarted::decode(&payload)?, started);
/// # Ok::<(), crudder_recorder::Malformed>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InvocationStarted<'a> {
    /// When the invocation started, in nanoseconds since 1970.
    pub started_unix_nano: u64,
    /// The deadline, in milliseconds since 1970; 0 if it is unknown.
    pub deadline_unix_ms: u64,
    /// The trace id of all spans of the invocation.
    pub trace: [u8; 16],
    /// The id of the X-Ray segment that is the parent of the root span; zeros if there is none.
    pub segment: [u8; 8],
    /// Whether X-Ray samples the trace.
    pub is_sampled: bool,
    /// Whether this is the first invocation of the process.
    pub is_cold: bool,
    /// Lambda's id of the invocation.
    pub request_id: &'a str,
}

impl<'a> InvocationStarted<'a> {
    /// Appends the payload to `to`. With a buffer that is large enough, this allocates nothing.
    pub fn encode(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.started_unix_nano.to_le_bytes());
        to.extend_from_slice(&self.deadline_unix_ms.to_le_bytes());
        to.extend_from_slice(&self.trace);
        to.extend_from_slice(&self.segment);
        to.push(u8::from(self.is_sampled) | u8::from(self.is_cold) << 1);
        put_text(to, self.request_id);
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// [`Malformed`] if the payload is too short or the request id is not UTF-8.
    pub fn decode(payload: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::new(payload);
        let started_unix_nano = fields.u64()?;
        let deadline_unix_ms = fields.u64()?;
        let (trace, segment) = (fields.bytes()?, fields.bytes()?);
        let flags = fields.u8()?;
        let (is_sampled, is_cold) = (flags & 1 != 0, flags & 2 != 0);
        Ok(Self {
            started_unix_nano,
            deadline_unix_ms,
            trace,
            segment,
            is_sampled,
            is_cold,
            request_id: fields.text()?,
        })
    }
}

/// The outcome of an invocation, as its process sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// It sent a response.
    #[default]
    Succeeded = 0,
    /// It sent a response with a 5xx status, or reported an error to Lambda.
    Failed = 1,
}

/// The end of an invocation, as its process sees it. The platform may still report a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InvocationEnded<'a> {
    /// When the invocation ended, in nanoseconds since 1970.
    pub ended_unix_nano: u64,
    /// The outcome.
    pub outcome: Outcome,
    /// Lambda's id of the invocation. The start has it too, but in a full ring there may be space
    /// for the end only.
    pub request_id: &'a str,
}

impl<'a> InvocationEnded<'a> {
    /// Appends the payload to `to`.
    pub fn encode(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&time_and_number(self.ended_unix_nano, self.outcome as u8));
        put_text(to, self.request_id);
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// [`Malformed`] if the payload is too short, the request id is not UTF-8 or the outcome is
    /// unknown.
    pub fn decode(payload: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::new(payload);
        let ended_unix_nano = fields.u64()?;
        let outcome = match fields.u8()? {
            0 => Outcome::Succeeded,
            1 => Outcome::Failed,
            _ => return Err(Malformed),
        };
        Ok(Self { ended_unix_nano, outcome, request_id: fields.text()? })
    }
}

/// The process sent the X-Ray document of the invocation. If it dies later, no faulty document must
/// overwrite it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DatagramSent {
    /// When the document was sent, in nanoseconds since 1970.
    pub sent_unix_nano: u64,
    /// The number of datagrams, at most 255.
    pub datagrams: u8,
}

impl DatagramSent {
    /// Returns the payload.
    #[must_use]
    pub fn encode(&self) -> [u8; 9] {
        time_and_number(self.sent_unix_nano, self.datagrams)
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// [`Malformed`] if the payload is too short.
    pub fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::new(payload);
        Ok(Self { sent_unix_nano: fields.u64()?, datagrams: fields.u8()? })
    }
}
