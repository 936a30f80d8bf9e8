//! The ids before each OTLP message.

use super::Malformed;
use super::encoding::Fields;

/// The start of the payload of [`SpanStarted`](crate::Kind::SpanStarted),
/// [`SpanEnded`](crate::Kind::SpanEnded) and [`Event`](crate::Kind::Event). An OTLP message follows
/// it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SpanIds {
    /// The trace id, as in OTLP.
    pub trace: [u8; 16],
    /// The span id; for an event, the id of the span in which it happened.
    pub span: [u8; 8],
    /// The id of the parent span; zeros for a root span.
    pub parent: [u8; 8],
}

impl SpanIds {
    /// Returns the 32 bytes at the start of the payload.
    #[must_use]
    pub fn encode(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&self.trace);
        bytes[16..24].copy_from_slice(&self.span);
        bytes[24..].copy_from_slice(&self.parent);
        bytes
    }

    /// Splits a payload into the ids and the OTLP message after them.
    ///
    /// # Errors
    /// [`Malformed`] if the payload is shorter than the ids.
    pub fn split(payload: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let mut fields = Fields::new(payload);
        let ids = Self { trace: fields.bytes()?, span: fields.bytes()?, parent: fields.bytes()? };
        Ok((ids, fields.rest()))
    }
}
