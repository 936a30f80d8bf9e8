//! What the payloads of the small records mean. Numbers are little-endian and come first, texts after them with their lengths.
//!
//! Spans and events carry OTLP messages behind [`SpanIds`]; this crate does not look into those.

/// A payload that is not what its kind says. The reader skips it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payload is not what its kind says")]
pub struct Malformed;

/// The head of [`SpanStarted`](crate::Kind::SpanStarted), [`SpanEnded`](crate::Kind::SpanEnded) and
/// [`Event`](crate::Kind::Event) payloads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SpanIds {
    /// The trace's id, as in OTLP.
    pub trace: [u8; 16],
    /// The span's; for an event, that of the span it happened in.
    pub span: [u8; 8],
    /// The parent's; zeros for a root.
    pub parent: [u8; 8],
}

impl SpanIds {
    /// The 32 bytes that begin the payload.
    pub fn encode(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&self.trace);
        bytes[16..24].copy_from_slice(&self.span);
        bytes[24..].copy_from_slice(&self.parent);
        bytes
    }

    /// Parts a payload into the ids and the OTLP message behind them.
    ///
    /// # Errors
    /// When the payload is shorter than the ids.
    pub fn split(payload: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let mut fields = Fields(payload);
        let ids = Self { trace: fields.take()?, span: fields.take()?, parent: fields.take()? };
        Ok((ids, fields.0))
    }
}

/// A process that writes: what the layer can't know otherwise, since Lambda hides it from extensions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessStarted<'a> {
    /// Nanoseconds since 1970.
    pub started_unix_nano: u64,
    /// As the process sees itself.
    pub pid: u32,
    /// What the function was given, in megabytes; 0 when unknown.
    pub memory_mb: u32,
    /// The function's name.
    pub function: &'a str,
    /// `AWS_XRAY_DAEMON_ADDRESS`; empty when there is none.
    pub xray_daemon: &'a str,
    /// An OTLP `Resource`.
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
    /// When it is too short or not UTF-8.
    pub fn decode(payload: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = Fields(payload);
        Ok(Self {
            started_unix_nano: fields.u64()?,
            pid: fields.u32()?,
            memory_mb: fields.u32()?,
            function: fields.text()?,
            xray_daemon: fields.text()?,
            resource: fields.0,
        })
    }
}

/// An invocation begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InvocationStarted<'a> {
    /// Nanoseconds since 1970.
    pub started_unix_nano: u64,
    /// Milliseconds since 1970; 0 when the caller gave none worth believing.
    pub deadline_unix_ms: u64,
    /// The trace of all the invocation's spans.
    pub trace: [u8; 16],
    /// The X-Ray segment that its root hangs under; zeros when there is none.
    pub segment: [u8; 8],
    /// Whether X-Ray samples this trace.
    pub is_sampled: bool,
    /// Whether this is the process's first invocation.
    pub is_cold: bool,
    /// Lambda's id of the invocation.
    pub request_id: &'a str,
}

impl<'a> InvocationStarted<'a> {
    /// Appends the payload to `to`; reuse the buffer, and writing an invocation's start allocates nothing.
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
    /// When it is too short or not UTF-8.
    pub fn decode(payload: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = Fields(payload);
        let started_unix_nano = fields.u64()?;
        let deadline_unix_ms = fields.u64()?;
        let (trace, segment) = (fields.take()?, fields.take()?);
        let [flags] = fields.take()?;
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

/// How the function itself saw an invocation end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// It answered.
    #[default]
    Succeeded = 0,
    /// It answered with a failure: a 5xx, or an error for Lambda.
    Failed = 1,
}

/// An invocation ended, as far as the function knows; the platform may yet say otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InvocationEnded<'a> {
    /// Nanoseconds since 1970.
    pub ended_unix_nano: u64,
    /// How.
    pub outcome: Outcome,
    /// Lambda's id of the invocation. It stands here too because a full ring has room for ends when it has none for starts.
    pub request_id: &'a str,
}

impl<'a> InvocationEnded<'a> {
    /// Appends the payload to `to`.
    pub fn encode(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&numbered(self.ended_unix_nano, self.outcome as u8));
        put_text(to, self.request_id);
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// When it is too short, not UTF-8, or the outcome is unknown.
    pub fn decode(payload: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = Fields(payload);
        let ended_unix_nano = fields.u64()?;
        let outcome = match fields.take()? {
            [0] => Outcome::Succeeded,
            [1] => Outcome::Failed,
            _ => return Err(Malformed),
        };
        Ok(Self { ended_unix_nano, outcome, request_id: fields.text()? })
    }
}

/// The invocation's X-Ray document left: a dead function's good subsegment must not be overwritten by a fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DatagramSent {
    /// Nanoseconds since 1970.
    pub sent_unix_nano: u64,
    /// How many datagrams it took, at most 255.
    pub datagrams: u8,
}

impl DatagramSent {
    /// The payload.
    pub fn encode(&self) -> [u8; 9] {
        numbered(self.sent_unix_nano, self.datagrams)
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// When it is too short.
    pub fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Fields(payload);
        let sent_unix_nano = fields.u64()?;
        let [datagrams] = fields.take()?;
        Ok(Self { sent_unix_nano, datagrams })
    }
}

/// Why an invocation, or an init, died.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum DeathCause {
    /// The deadline passed.
    Timeout = 1,
    /// The memory limit.
    OutOfMemory = 2,
    /// A signal, an abort, a kill.
    Crash = 3,
    /// The process ended by itself.
    Exit = 4,
    /// The platform rejected the answer, or gave up on the sandbox.
    Platform = 5,
}

impl DeathCause {
    /// The word that stands on spans, items and documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::OutOfMemory => "out-of-memory",
            Self::Crash => "crash",
            Self::Exit => "exit",
            Self::Platform => "platform",
        }
    }

    fn from_number(number: u8) -> Option<Self> {
        [Self::Timeout, Self::OutOfMemory, Self::Crash, Self::Exit, Self::Platform]
            .into_iter()
            .find(|reason| *reason as u8 == number)
    }
}

/// What the layer found out about a death. Written before anything that follows from it is sent (D4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeathRecord<'a> {
    /// When it died: nanoseconds since 1970.
    pub at_unix_nano: u64,
    /// Of what.
    pub cause: DeathCause,
    /// The invocation's trace; for a death in init, one of its own.
    pub trace: [u8; 16],
    /// Lambda's id of the invocation; empty for a death in init. It stands here too because the verdict may outlive the
    /// record of the start.
    pub request_id: &'a str,
    /// What the platform called it, such as `Runtime.ExitError`; may be empty.
    pub detail: &'a str,
}

impl<'a> DeathRecord<'a> {
    /// Appends the payload to `to`.
    pub fn encode(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&numbered(self.at_unix_nano, self.cause as u8));
        to.extend_from_slice(&self.trace);
        put_text(to, self.request_id);
        put_text(to, self.detail);
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// When it is too short, not UTF-8, or the reason is unknown.
    pub fn decode(payload: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = Fields(payload);
        let at_unix_nano = fields.u64()?;
        let [number] = fields.take()?;
        let cause = DeathCause::from_number(number).ok_or(Malformed)?;
        let trace = fields.take()?;
        Ok(Self { at_unix_nano, cause, trace, request_id: fields.text()?, detail: fields.text()? })
    }
}

fn numbered(time: u64, number: u8) -> [u8; 9] {
    let mut bytes = [number; 9];
    bytes[..8].copy_from_slice(&time.to_le_bytes());
    bytes
}

/// Longer texts are cut at a character's border: names and ids are short, and a length of two bytes is enough.
fn put_text(to: &mut Vec<u8>, text: &str) {
    let text = &text[..text.floor_char_boundary(usize::from(u16::MAX))];
    to.extend_from_slice(&(text.len() as u16).to_le_bytes());
    to.extend_from_slice(text.as_bytes());
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (bytes, rest) = self.0.split_first_chunk::<N>().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*bytes)
    }

    fn u64(&mut self) -> Result<u64, Malformed> {
        self.take().map(u64::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, Malformed> {
        self.take().map(u32::from_le_bytes)
    }

    fn text(&mut self) -> Result<&'a str, Malformed> {
        let length = usize::from(u16::from_le_bytes(self.take()?));
        let (text, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        // Without a file of failures: miri has no folders.
        #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 6 } else { 256 }, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_payload_is_read_back_as_it_was_written(
            (time, number, pid) in any::<(u64, u8, u32)>(),
            trace in any::<[u8; 16]>(), span in any::<[u8; 8]>(),
            name in ".{0,40}", detail in ".{0,300}", rest in proptest::collection::vec(any::<u8>(), 0..200),
            (is_sampled, is_cold) in any::<(bool, bool)>(), reason in 1_u8..=5,
        ) {
            let mut bytes = Vec::new();
            let process = ProcessStarted { started_unix_nano: time, pid, memory_mb: 256, function: &name, xray_daemon: &detail, resource: &rest };
            process.encode(&mut bytes);
            prop_assert_eq!(ProcessStarted::decode(&bytes), Ok(process));
            bytes.clear();
            let invocation = InvocationStarted { started_unix_nano: time, deadline_unix_ms: 7, trace, segment: span, is_sampled, is_cold, request_id: &name };
            invocation.encode(&mut bytes);
            prop_assert_eq!(InvocationStarted::decode(&bytes), Ok(invocation));
            bytes.clear();
            let cause = DeathCause::from_number(reason).ok_or(TestCaseError::fail("reason"))?;
            let verdict = DeathRecord { at_unix_nano: time, cause, trace, request_id: &name, detail: &detail };
            verdict.encode(&mut bytes);
            prop_assert_eq!(DeathRecord::decode(&bytes), Ok(verdict));
            let sent = DatagramSent { sent_unix_nano: time, datagrams: number };
            prop_assert_eq!(DatagramSent::decode(&sent.encode()), Ok(sent));
            bytes.clear();
            let ended = InvocationEnded { ended_unix_nano: time, outcome: Outcome::Failed, request_id: &name };
            ended.encode(&mut bytes);
            prop_assert_eq!(InvocationEnded::decode(&bytes), Ok(ended));
            let ids = SpanIds { trace, span, parent: span };
            let whole = [ids.encode().as_slice(), &rest].concat();
            prop_assert_eq!(SpanIds::split(&whole), Ok((ids, rest.as_slice())));
        }

        #[test]
        fn no_bytes_whatever_make_a_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = (ProcessStarted::decode(&bytes), InvocationStarted::decode(&bytes), DeathRecord::decode(&bytes));
            let _ = (DatagramSent::decode(&bytes), InvocationEnded::decode(&bytes), SpanIds::split(&bytes));
        }
    }
}
