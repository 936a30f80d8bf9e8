//! An item as Rollbar stores it.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::Value;

use crate::{Delivery, RedactedKey, TraceId};

/// An accepted item without its sender's token.
#[derive(Debug, Clone, Serialize)]
pub struct Item {
    /// The sender's uuid, or a new one.
    pub uuid: String,
    /// When it arrived, in milliseconds since 1970.
    pub received_ms: u64,
    /// `critical`, `error`, `warning`, `info` or `debug`. The default is that of Rollbar: `info`
    /// for a message, else `error`.
    pub level: String,
    /// The environment, such as `prod`.
    pub environment: String,
    /// The `title`, or what Rollbar makes of class and message.
    pub title: String,
    /// The class of the outermost error. A message has none.
    pub class: Option<String>,
    /// The message of the outermost error, or the body of a message.
    pub message: Option<String>,
    /// Where in the code it happened, such as `GET /api/activities/home`.
    pub context: Option<String>,
    /// The trace that `attributes` or `custom` name.
    pub trace_id: Option<TraceId>,
    /// The parsed `data`.
    pub data: Value,
    /// The body as it arrived, with its token redacted. If another secret had to be redacted, it is
    /// serialised again.
    pub raw: String,
    /// The sender's token, redacted.
    pub token: RedactedKey,
    /// The delivery that contained the item.
    #[serde(skip)]
    pub delivery: Arc<Delivery>,
}

impl Item {
    /// Reads an item whose `data` passed the checks.
    pub(super) fn new(body: &Value, raw: String, token: RedactedKey, now: SystemTime, delivery: Arc<Delivery>) -> Self {
        let data = body["data"].clone();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let uuid = text(&data["uuid"]).unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let outermost = outermost_error(&data["body"]);
        let class = text(&outermost["class"]);
        let message = text(&outermost["message"]).or_else(|| text(&data["body"]["message"]["body"]));
        let default_title = [class.clone(), message.clone()].into_iter().flatten().collect::<Vec<_>>().join(": ");
        let default_level = if data["body"]["message"].is_object() { "info" } else { "error" };
        Self {
            uuid,
            received_ms: u64::try_from(now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis())
                .unwrap_or(u64::MAX),
            level: text(&data["level"]).unwrap_or_else(|| default_level.to_owned()),
            environment: text(&data["environment"]).unwrap_or_default(),
            title: text(&data["title"]).unwrap_or(default_title),
            class,
            message,
            context: text(&data["context"]),
            trace_id: trace_id(&data),
            data,
            raw,
            token,
            delivery,
        }
    }

    /// Returns an estimate of the memory that the item takes, in bytes. The parsed JSON takes about
    /// three times its text.
    pub(super) fn stored_bytes(&self) -> usize {
        self.raw.len() * 4 + size_of::<Self>()
    }
}

fn outermost_error(body: &Value) -> &Value {
    match &body["trace_chain"][0]["exception"] {
        Value::Null => &body["trace"]["exception"],
        exception => exception,
    }
}

/// Returns the trace id from the places where SDKs put it.
///
/// They are the list `attributes` (rollbar.js 3, pyrollbar 1.5), `custom.opentracing_trace_id`
/// (rollbar.js 2), and Crudder's `custom.trace_id` and `custom.xray_trace_id`.
fn trace_id(data: &Value) -> Option<TraceId> {
    let attributes = data["attributes"].as_array().into_iter().flatten();
    let attributes = attributes.filter(|pair| pair["key"] == "trace_id").map(|pair| &pair["value"]);
    let custom = ["trace_id", "xray_trace_id", "opentracing_trace_id"].map(|name| &data["custom"][name]);
    attributes.chain(custom).find_map(|value| value.as_str()?.parse().ok())
}
