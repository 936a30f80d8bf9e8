//! One log line, and the trace it belongs to.

use std::time::SystemTime;

use crudder_emulator::{LogLine, Source};
use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A line as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When the stage read it.
    pub time: SystemTime,
    /// The function's name.
    pub function: String,
    /// The name of the log stream: one an environment.
    pub log_stream: String,
    /// `function`, `platform`, or the extension's name.
    pub source: String,
    /// The line.
    pub text: String,
    /// The trace it belongs to, as 32 hex digits.
    pub trace_id: Option<String>,
}

impl Line {
    pub(super) fn new(heard: &LogLine, current: Option<&String>) -> Self {
        let mut line = Self {
            time: heard.time,
            function: heard.function.clone(),
            log_stream: heard.log_stream.clone(),
            source: match &heard.source {
                Source::Function => "function".to_owned(),
                Source::Platform => "platform".to_owned(),
                Source::Extension(name) => name.clone(),
            },
            text: heard.line.clone(),
            trace_id: None,
        };
        let own = line.object().and_then(|object| stated(&object));
        line.trace_id = own.or_else(|| current.cloned());
        line
    }

    /// The line's object, where it is one.
    #[must_use]
    pub fn object(&self) -> Option<Value> {
        // Most lines that are no JSON are told by their first letter, without an error being made of them.
        self.text.starts_with('{').then(|| serde_json::from_str(&self.text).ok()).flatten()
    }

    /// What the line takes of the shelf.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.function.len() + self.log_stream.len() + self.source.len() + size_of::<Self>()
    }
}

impl Serialize for Line {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = json!({
            "timestamp": OffsetDateTime::from(self.time).format(&Rfc3339).unwrap_or_default(),
            "function": self.function,
            "log_stream": self.log_stream,
            "source": self.source,
            "trace_id": self.trace_id,
            "line": self.object().unwrap_or_else(|| Value::from(self.text.as_str())),
        });
        shown.serialize(serializer)
    }
}

fn stated(object: &Value) -> Option<String> {
    let text = object["trace_id"].as_str().or_else(|| object["xray_trace_id"].as_str())?;
    trace_id(text)
}

/// The 32 hex digits of a trace id in any of its forms: bare, `1-8-24`, or as the `Root` of a header.
pub(super) fn trace_id(text: &str) -> Option<String> {
    let root = text.split(';').find_map(|field| field.trim().strip_prefix("Root=")).unwrap_or(text).trim();
    let digits: String = match root.strip_prefix("1-") {
        Some(rest) => rest.split_once('-').map(|(time, random)| format!("{time}{random}"))?,
        None => root.to_owned(),
    };
    (digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| digits.to_ascii_lowercase())
}
