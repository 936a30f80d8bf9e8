//! The layer's own lines: JSON objects on stdout, rare, and never about what it reads there.

use std::io::Write;
use std::time::SystemTime;

use serde_json::{Map, Value};

/// Prints one line.
pub(crate) fn line<const N: usize>(level: &str, message: &str, fields: [(&str, Value); N]) {
    let mut text = object(level, message, fields);
    text.push('\n');
    print(&text);
}

/// A line at ERROR whose last field is a long text that needs no escapes, as base64 does not.
pub(crate) fn error_with_text<const N: usize>(message: &str, fields: [(&str, Value); N], (name, long): (&str, &str)) {
    let mut text = object("ERROR", message, fields);
    text.pop();
    text.reserve_exact(long.len() + name.len() + 8);
    for part in [",\"", name, "\":\"", long, "\"}\n"] {
        text.push_str(part);
    }
    print(&text);
}

fn object<const N: usize>(level: &str, message: &str, fields: [(&str, Value); N]) -> String {
    let mut line = Map::with_capacity(N + 3);
    line.insert("timestamp".to_owned(), timestamp(SystemTime::now()).into());
    line.insert("level".to_owned(), level.into());
    line.insert("message".to_owned(), message.into());
    line.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Value::Object(line).to_string()
}

fn print(text: &str) {
    // One write, so that no other process's line comes between. Nobody is left to be told when it fails.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

pub(crate) fn warn<const N: usize>(message: &str, fields: [(&str, Value); N]) {
    line("WARN", message, fields);
}

pub(crate) fn error<const N: usize>(message: &str, fields: [(&str, Value); N]) {
    line("ERROR", message, fields);
}

/// An error with everything that caused it, in one text.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// RFC 3339 in UTC with milliseconds, as Lambda's level filter demands.
pub(crate) fn timestamp(time: SystemTime) -> String {
    let format =
        time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    time::OffsetDateTime::from(time).format(format).unwrap_or_default()
}
