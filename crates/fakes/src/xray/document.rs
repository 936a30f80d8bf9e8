//! A document as it was taken.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::Value;

use crate::{Delivery, TraceId};

/// A segment or an independent subsegment, with all that is nested in it.
#[derive(Debug, Clone, Serialize)]
pub struct Document {
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// 16 hexadecimal digits.
    pub id: String,
    /// What it hangs under.
    pub parent_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Whether its `type` is `subsegment`.
    pub is_subsegment: bool,
    /// Whether it was sent before its end.
    pub is_in_progress: bool,
    /// Seconds since 1970.
    pub start_time: f64,
    /// Seconds since 1970.
    pub end_time: Option<f64>,
    /// When it came, in milliseconds since 1970.
    pub received_ms: u64,
    /// The whole document, parsed.
    pub body: Value,
    /// The whole document, as it came; written anew where a secret had to be blotted out.
    pub raw: String,
    /// The datagram or call it came in.
    #[serde(skip)]
    pub delivery: Arc<Delivery>,
}

impl Document {
    /// Reads a document that has passed the checks; nothing where it has not.
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

    /// What it takes on the log: text, and the same again parsed.
    pub(super) fn bytes(&self) -> usize {
        self.raw.len() * 4 + size_of::<Self>()
    }
}
