//! The events of the Telemetry API, and what a subscription to them asks for.

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

use crate::platform::timestamp;

/// The three types that an extension can subscribe to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TelemetryType {
    Platform,
    Function,
    Extension,
}

impl TelemetryType {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Platform, Self::Function, Self::Extension].into_iter().find(|it| it.as_str() == text)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Function => "function",
            Self::Extension => "extension",
        }
    }
}

/// One event. The name of a platform event is `platform.*`, the name of a line is its type.
#[derive(Debug, Clone)]
pub(crate) struct TelemetryEvent {
    pub(crate) telemetry_type: TelemetryType,
    pub(crate) name: &'static str,
    pub(crate) time: SystemTime,
    pub(crate) record: Arc<Value>,
}

impl TelemetryEvent {
    pub(crate) fn line(telemetry_type: TelemetryType, time: SystemTime, line: &str) -> Self {
        let record = Arc::new(Value::String(line.to_owned()));
        Self { telemetry_type, name: telemetry_type.as_str(), time, record }
    }

    /// Encodes the event as JSON. From schema 2022-12-13 on, a line that is a JSON object is sent
    /// as an object, because the log format is JSON.
    pub(crate) fn encode(&self, schema: Schema) -> String {
        let record = match (self.record.as_str(), schema) {
            (Some(line), Schema::Objects) => match serde_json::from_str(line) {
                Ok(object @ Value::Object(_)) => object.to_string(),
                _ => self.record.to_string(),
            },
            _ => self.record.to_string(),
        };
        format!(r#"{{"time":"{}","type":"{}","record":{record}}}"#, timestamp(self.time), self.name)
    }
}

/// How a schema version encodes lines. The emulator needs no other difference of the versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schema {
    /// 2022-07-01: always as strings.
    Strings,
    /// 2022-12-13 and 2025-01-29: JSON objects as objects.
    Objects,
}

/// A valid request to subscribe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SubscriptionRequest {
    pub(crate) schema: Schema,
    pub(crate) types: Vec<TelemetryType>,
    pub(crate) buffering: Buffering,
    pub(crate) destination: Destination,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Buffering {
    pub(crate) max_items: usize,
    pub(crate) max_bytes: usize,
    pub(crate) timeout_ms: u64,
}

/// Where batches are sent, on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    Http { port: u16, path: String },
    Tcp { port: u16 },
}
