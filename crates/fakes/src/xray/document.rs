//! A segment document as X-Ray stores it.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::Value;

use crate::{Delivery, TraceId};

/// An accepted segment or independent subsegment, with its nested subsegments.
#[derive(Debug, Clone, Serialize)]
pub struct Document {
    /// The trace id.
    pub trace_id: TraceId,
    /// The id, 16 hexadecimal digits.
    pub id: String,
    /// The parent's id.
    pub parent_id: Option<String>,
    /// The name.
    pub name: String,
    /// Whether its `type` is `subsegment`.
    pub is_subsegment: bool,
    /// Whether it was sent before its end.
    pub is_in_progress: bool,
    /// The start in seconds since 1970.
    pub start_time: f64,
    /// The end in seconds since 1970.
    pub end_time: Option<f64>,
    /// When it arrived, in milliseconds since 1970.
    pub received_ms: u64,
    /// The whole document, parsed.
    pub body: Value,
    /// The whole document as it arrived. If a secret had to be redacted, it is serialised again.
    pub raw: String,
    /// The datagram or call that contained it.
    #[serde(skip)]
    pub delivery: Arc<Delivery>,
}

impl Document {
    /// Reads a document that passed the checks. Returns `None` if a required field is missing.
    pub(super) fn new(body: Value, raw: String, now: SystemTime, delivery: Arc<Delivery>) -> Option<Self> {
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        Some(Self {
            trace_id: TraceId::parse_xray(body["trace_id"].as_str()?)?,
            id: text("id")?,
            parent_id: text("parent_id"),
            name: text("name")?,
            is_subsegment: body["type"] == "subsegment",
            is_in_progress: body["in_progress"] == true,
            start_time: body["start_time"].as_f64()?,
            end_time: body["end_time"].as_f64(),
            received_ms: u64::try_from(now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis())
                .unwrap_or(u64::MAX),
            body,
            raw,
            delivery,
        })
    }

    /// Returns an estimate of the memory that the document takes, in bytes. The parsed JSON takes
    /// about three times its text.
    pub(super) fn stored_bytes(&self) -> usize {
        self.raw.len() * 4 + size_of::<Self>()
    }
}
