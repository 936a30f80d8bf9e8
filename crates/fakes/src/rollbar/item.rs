//! An item as it was taken.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::Value;

use crate::{Delivery, KeyMark, TraceId};

/// An item that was taken, without its sender's token.
#[derive(Debug, Clone, Serialize)]
pub struct Item {
    /// The sender's, or made here.
    pub uuid: String,
    /// When it came, in milliseconds since 1970.
    pub received_ms: u64,
    /// `critical`, `error`, `warning`, `info` or `debug`; as Rollbar assumes it where nothing is said.
    pub level: String,
    /// Where it happened, such as `prod`.
    pub environment: String,
    /// Its `title`, or what Rollbar would make one of: class and message.
    pub title: String,
    /// The class of the outermost error, if it is no mere message.
    pub class: Option<String>,
    /// The message, of the outermost error if there is one.
    pub message: Option<String>,
    /// Where in the code, such as `GET /api/activities/home`.
    pub context: Option<String>,
    /// The trace that `attributes` or `custom` name.
    pub trace_id: Option<TraceId>,
    /// `data`, parsed.
    pub data: Value,
    /// The body as it came, with its token blotted out; written anew where another secret had to be.
    pub raw: String,
    /// The end of the token that it came with.
    pub token: KeyMark,
    /// The call it came in.
    #[serde(skip)]
    pub delivery: Arc<Delivery>,
}

impl Item {
    /// Reads an item whose `data` has passed the checks.
    pub(super) fn new(body: &Value, raw: String, token: KeyMark, now: SystemTime, delivery: Arc<Delivery>) -> Self {
        let data = body["data"].clone();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let uuid = text(&data["uuid"]).unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let outermost = outermost(&data["body"]);
        let class = text(&outermost["class"]);
        let message = text(&outermost["message"]).or_else(|| text(&data["body"]["message"]["body"]));
        let made = [class.clone(), message.clone()].into_iter().flatten().collect::<Vec<_>>().join(": ");
        let assumed = if data["body"]["message"].is_object() { "info" } else { "error" };
        Self {
            uuid,
            received_ms: u64::try_from(now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis())
                .unwrap_or(u64::MAX),
            level: text(&data["level"]).unwrap_or_else(|| assumed.to_owned()),
            environment: text(&data["environment"]).unwrap_or_default(),
            title: text(&data["title"]).unwrap_or(made),
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

    /// What it takes on the log: text, and the same again parsed.
    pub(super) fn bytes(&self) -> usize {
        self.raw.len() * 4 + size_of::<Self>()
    }
}

fn outermost(body: &Value) -> &Value {
    match &body["trace_chain"][0]["exception"] {
        Value::Null => &body["trace"]["exception"],
        exception => exception,
    }
}

/// Where SDKs put a trace id: the new list of attributes, the old custom field, and our own two.
fn trace_id(data: &Value) -> Option<TraceId> {
    let listed = data["attributes"].as_array().into_iter().flatten();
    let listed = listed.filter(|pair| pair["key"] == "trace_id").map(|pair| &pair["value"]);
    let custom = ["trace_id", "xray_trace_id", "opentracing_trace_id"].map(|name| &data["custom"][name]);
    listed.chain(custom).find_map(|value| value.as_str()?.parse().ok())
}
