//! How text looks: colours where they are wanted, the terminal's width, and nothing in it that steers the terminal.

use std::io::IsTerminal;

use crate::config::Config;

/// Where the width is not known.
const WIDTH: usize = 100;

/// What a word means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    Bold,
    Faint,
    Good,
    Warn,
    Bad,
}

/// What standard output can show.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) is_coloured: bool,
    /// Columns.
    pub(crate) width: usize,
    /// What bars are made of.
    pub(crate) bar: char,
}

impl Look {
    /// Colours and blocks for a terminal, plain text for a pipe; `NO_COLOR` and `COLUMNS` are heard.
    pub(crate) fn of_stdout(config: &Config) -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let measured = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        Self {
            is_coloured: is_terminal && !config.no_color,
            width: config.columns.or_else(measured).unwrap_or(WIDTH),
            bar: if is_terminal { '█' } else { '=' },
        }
    }

    /// The text in the colour of what it means.
    pub(crate) fn paint(self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Bold => "1",
            Ink::Faint => "2",
            Ink::Good => "32",
            Ink::Warn => "33",
            Ink::Bad => "31",
        };
        if self.is_coloured && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// The text without what would move the cursor or change colours: names and lines come from whoever called the API.
pub(crate) fn clean(text: &str) -> String {
    let seen = |letter: char| if letter.is_whitespace() { ' ' } else { letter };
    text.chars().map(seen).filter(|letter| !letter.is_control()).collect()
}

/// The text, or as much of it as fits.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}
