//! API keys: the accepted ones as [`Secret`], those of callers as [`RedactedKey`].

use std::fmt;

use serde::Serialize;

/// A key that a fake accepts. Its `Debug` output shows no more than a [`RedactedKey`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a key.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the key in clear text, for the configuration of a client.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Returns whether a caller sent this key.
    pub(crate) fn matches(&self, sent: &str) -> bool {
        self.0 == sent
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Secret({})", RedactedKey::of(&self.0).0)
    }
}

/// The last four characters of a key that a caller sent, such as `…7f3a`.
///
/// It shows no character of a key that is shorter than 16 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RedactedKey(String);

impl RedactedKey {
    /// Four characters would reveal too much of a key that is shorter than this.
    const MIN_KEY_CHARACTERS: usize = 16;

    pub(crate) fn of(key: &str) -> Self {
        let last: Vec<char> = key.chars().rev().take(4).collect();
        if key.chars().count() < Self::MIN_KEY_CHARACTERS {
            return Self("…".into());
        }
        Self(format!("…{}", last.into_iter().rev().collect::<String>()))
    }

    /// Returns the redacted key as text, such as `…7f3a`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redacted_key_shows_four_characters_of_a_long_key_and_none_of_a_short_one() {
        assert_eq!(RedactedKey::of("0123456789abcdef7f3a").as_str(), "…7f3a");
        assert_eq!(RedactedKey::of("short").as_str(), "…");
    }

    #[test]
    fn a_secret_is_redacted_in_debug_output() {
        let print = format!("{:?}", Secret::new("0123456789abcdef7f3a"));
        assert!(!print.contains("0123456789"), "{print}");
    }
}
