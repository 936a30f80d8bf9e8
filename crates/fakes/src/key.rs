//! Keys: how the accepted ones are held, and what is remembered of one that a caller sent.

use std::fmt;

use serde::Serialize;

/// A key that this fake accepts. Its text never appears in a debug print.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Holds a key.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The key in clear, for whoever hands it to a client.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether a caller sent this very key.
    pub(crate) fn is(&self, sent: &str) -> bool {
        self.0 == sent
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Secret({})", KeyMark::of(&self.0).0)
    }
}

/// What is kept of a key that a caller sent: its last four characters, or nothing of one too short to hide the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyMark(String);

impl KeyMark {
    /// Below this a mark of four characters would be a good part of the key.
    const SHORTEST_SHOWN: usize = 16;

    pub(crate) fn of(key: &str) -> Self {
        let tail: Vec<char> = key.chars().rev().take(4).collect();
        if key.chars().count() < Self::SHORTEST_SHOWN {
            return Self("…".into());
        }
        Self(format!("…{}", tail.into_iter().rev().collect::<String>()))
    }

    /// The mark as text, such as `…7f3a`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_shows_four_characters_of_a_long_key_and_none_of_a_short_one() {
        assert_eq!(KeyMark::of("0123456789abcdef7f3a").text(), "…7f3a");
        assert_eq!(KeyMark::of("short").text(), "…");
    }

    #[test]
    fn a_secret_does_not_print_itself() {
        let print = format!("{:?}", Secret::new("0123456789abcdef7f3a"));
        assert!(!print.contains("0123456789"), "{print}");
    }
}
