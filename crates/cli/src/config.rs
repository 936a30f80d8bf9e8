//! The environment as the commands need it, read once.

use std::fmt;

/// A key or token of a vendor. Prints as dots: what holds one can't show it by accident.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key(String);

impl Key {
    /// The key in clear, for the one header that it belongs in.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(…)")
    }
}

/// What the variables say. An empty one counts as none.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// `NO_COLOR`
    pub(crate) no_color: bool,
    /// `COLUMNS`
    pub(crate) columns: Option<usize>,
}

impl Config {
    /// From this process's environment.
    #[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the environment")]
    pub(crate) fn from_env() -> Self {
        Self::read(|name| std::env::var(name).ok())
    }

    fn read(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let find = |name: &str| lookup(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        Self { no_color: find("NO_COLOR").is_some(), columns: find("COLUMNS").and_then(|columns| columns.parse().ok()) }
    }
}
