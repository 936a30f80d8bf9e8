//! The extension's own log lines: rare JSON objects on stdout. They never contain recorded data.

use std::io::Write;
use std::time::SystemTime;

use crudder_text::timestamp;
use serde_json::{Map, Value};

pub(crate) fn warn<const N: usize>(message: &str, fields: [(&str, Value); N]) {
    line("WARN", message, fields);
}

pub(crate) fn error<const N: usize>(message: &str, fields: [(&str, Value); N]) {
    line("ERROR", message, fields);
}

fn line<const N: usize>(level: &str, message: &str, fields: [(&str, Value); N]) {
    let mut text = object(level, message, fields);
    text.push('\n');
    print(&text);
}

/// Prints a line at ERROR whose last field is a long text that needs no escapes, such as base64.
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
    #[cfg(test)]
    capture::push(text);
    // One write, so that no line of another process comes between. If it fails, there is no place
    // to report it.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// The lines that the thread of a test has printed.
#[cfg(test)]
pub(crate) mod capture {
    use std::cell::RefCell;

    thread_local! {
        static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    pub(super) fn push(text: &str) {
        LINES.with_borrow_mut(|lines| lines.push(text.to_owned()));
    }

    pub(crate) fn lines() -> Vec<String> {
        LINES.with_borrow(Clone::clone)
    }
}
