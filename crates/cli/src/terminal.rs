//! All output of the command: results on standard output, everything else on standard error.

use std::error::Error;
use std::io::{IsTerminal, Write};

/// Standard output and standard error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal;

impl Terminal {
    /// Prints the command's result to standard output.
    pub(crate) fn print(self, text: &str) {
        let mut out = std::io::stdout().lock();
        // The write fails if the reader closed the pipe; then the rest is not needed.
        let _ = writeln!(out, "{text}").and_then(|()| out.flush());
    }

    /// Prints a line about the command's progress, or a problem that does not end it, to standard
    /// error.
    pub(crate) fn progress(self, text: &str) {
        let mut err = std::io::stderr().lock();
        // Clears a status line that may be on the same line.
        let start = if err.is_terminal() { "\u{1b}[K" } else { "" };
        let _ = writeln!(err, "{start}{text}");
    }

    /// Whether standard error is a terminal, so that a status line is visible.
    pub(crate) fn is_interactive(self) -> bool {
        std::io::stderr().is_terminal()
    }

    /// Replaces the status line, if standard error is a terminal. An empty text clears it.
    pub(crate) fn status_line(self, text: &str) {
        let mut err = std::io::stderr().lock();
        if err.is_terminal() {
            let _ = write!(err, "\r\u{1b}[K{text}\r").and_then(|()| err.flush());
        }
    }

    /// Prints the error that ended the command, and its causes.
    pub(crate) fn error(self, error: &dyn Error) {
        let mut text = format!("error: failed to {error}");
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(&format!("\n  caused by: {cause}"));
            source = cause.source();
        }
        self.progress(&text);
    }
}
