//! The one place that writes to the terminal: results on standard output, all else on standard error.

use std::error::Error;
use std::io::{IsTerminal, Write};

/// Standard output and standard error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen;

impl Screen {
    /// What the command was asked for.
    pub(crate) fn result(self, text: &str) {
        let mut out = std::io::stdout().lock();
        // Whoever closed the pipe does not want to read it.
        let _ = writeln!(out, "{text}").and_then(|()| out.flush());
    }

    /// What is being done, and what went wrong on the way.
    pub(crate) fn progress(self, text: &str) {
        let mut err = std::io::stderr().lock();
        // A status line may stand where this is to stand.
        let start = if err.is_terminal() { "\u{1b}[K" } else { "" };
        let _ = writeln!(err, "{start}{text}");
    }

    /// Whether somebody watches how far it is.
    pub(crate) fn is_watched(self) -> bool {
        std::io::stderr().is_terminal()
    }

    /// How far it is, in one line that the next takes the place of; nothing where nobody watches.
    pub(crate) fn status(self, text: &str) {
        let mut err = std::io::stderr().lock();
        if err.is_terminal() {
            let _ = write!(err, "\r\u{1b}[K{text}\r").and_then(|()| err.flush());
        }
    }

    /// Why the command ended, down to the cause.
    pub(crate) fn failure(self, error: &dyn Error) {
        let mut text = format!("error: failed to {error}");
        let mut cause = error.source();
        while let Some(inner) = cause {
            text.push_str(&format!("\n  because: {inner}"));
            cause = inner.source();
        }
        self.progress(&text);
    }
}
