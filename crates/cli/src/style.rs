//! Text styles and what standard output can display: colors, width, and no control characters.

use std::io::IsTerminal;

use crate::config::Config;

/// Columns, if the width is unknown.
const DEFAULT_WIDTH: usize = 100;

/// The meaning of a piece of text, shown as a color or weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Bold,
    Dim,
    Success,
    Warning,
    Error,
}

/// What standard output can display.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Capabilities {
    pub(crate) has_color: bool,
    /// Columns.
    pub(crate) width: usize,
    /// The character that bars consist of.
    pub(crate) bar: char,
}

impl Capabilities {
    /// Colors and block characters for a terminal, plain text for a pipe. `NO_COLOR` and `COLUMNS`
    /// override.
    pub(crate) fn of_stdout(config: &Config) -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let measured = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        Self {
            has_color: is_terminal && !config.no_color,
            width: config.columns.or_else(measured).unwrap_or(DEFAULT_WIDTH),
            bar: if is_terminal { '█' } else { '=' },
        }
    }

    /// Returns the text with the escape codes of a style, if the output has colors.
    pub(crate) fn style(self, style: Style, text: &str) -> String {
        let code = match style {
            Style::Bold => "1",
            Style::Dim => "2",
            Style::Success => "32",
            Style::Warning => "33",
            Style::Error => "31",
        };
        if self.has_color && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Returns the text on one line and without control characters.
///
/// Any caller of the API can put escape sequences into names and log lines; these must not reach
/// the terminal.
pub(crate) fn strip_control(text: &str) -> String {
    let one_line = |letter: char| if letter.is_whitespace() { ' ' } else { letter };
    text.chars().map(one_line).filter(|letter| !letter.is_control()).collect()
}

/// Returns the text, shortened to `width` characters with an ellipsis if it is longer.
pub(crate) fn truncate(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}
