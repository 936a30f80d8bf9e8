//! A log line with the trace that it belongs to.

use std::time::SystemTime;

use crudder_emulator::{LogLine, Source};
use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A stored log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When the emulator read the line.
    pub time: SystemTime,
    /// The name of the function.
    pub function: String,
    /// The name of the log stream. Each environment has its own.
    pub log_stream: String,
    /// `function`, `platform`, or the name of an extension.
    pub source: String,
    /// The text of the line.
    pub text: String,
    /// The trace it belongs to, as 32 hex digits.
    pub trace_id: Option<String>,
}

impl Line {
    /// Takes the trace from the line itself, else the `current` one of its environment.
    pub(super) fn new(line: &LogLine, current: Option<&String>) -> Self {
        let mut stored = Self {
            time: line.time,
            function: line.function.clone(),
            log_stream: line.log_stream.clone(),
            source: match &line.source {
                Source::Function => "function".to_owned(),
                Source::Platform => "platform".to_owned(),
                Source::Extension(name) => name.clone(),
            },
            text: line.line.clone(),
            trace_id: None,
        };
        let own = stored.object().and_then(|object| trace_id_of(&object));
        stored.trace_id = own.or_else(|| current.cloned());
        stored
    }

    /// Returns the line as a JSON object, if it is one.
    #[must_use]
    pub fn object(&self) -> Option<Value> {
        // The first character excludes most lines that are not JSON, without the cost of an error.
        self.text.starts_with('{').then(|| serde_json::from_str(&self.text).ok()).flatten()
    }

    /// Returns the size of the line in the store.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.function.len() + self.log_stream.len() + self.source.len() + size_of::<Self>()
    }
}

impl Serialize for Line {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = json!({
            "timestamp": OffsetDateTime::from(self.time).format(&Rfc3339).unwrap_or_default(),
            "function": self.function,
            "log_stream": self.log_stream,
            "source": self.source,
            "trace_id": self.trace_id,
            "line": self.object().unwrap_or_else(|| Value::from(self.text.as_str())),
        });
        fields.serialize(serializer)
    }
}

fn trace_id_of(object: &Value) -> Option<String> {
    let text = object["trace_id"].as_str().or_else(|| object["xray_trace_id"].as_str())?;
    trace_id(text)
}

/// Returns the 32 hex digits of a trace id in any form: W3C's, X-Ray's `1-8-24`, or the `Root` of a
/// trace header.
pub(super) fn trace_id(text: &str) -> Option<String> {
    let root = text.split(';').find_map(|field| field.trim().strip_prefix("Root=")).unwrap_or(text).trim();
    let digits: String = match root.strip_prefix("1-") {
        Some(rest) => rest.split_once('-').map(|(time, random)| format!("{time}{random}"))?,
        None => root.to_owned(),
    };
    (digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| digits.to_ascii_lowercase())
}
