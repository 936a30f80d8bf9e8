//! Texts that users write, with their limits. Lengths are counted in code points: an emoji is one.

use serde::Serialize;

use crate::invalid::Invalid;

/// The most code points of a post.
const POST_MAX: usize = 280;
/// The most code points of a reply or a direct message.
const LONG_MAX: usize = 1_024;
/// The most code points of a display name. The original API has no limit; this one keeps an item
/// small.
const DISPLAY_NAME_MAX: usize = 128;
/// The most code points of a biography. The original API has no limit; this one keeps an item
/// small.
const BIO_MAX: usize = 1_024;

/// The text of a post, a reply or a message: any text that is not empty, stored unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MessageText(String);

impl MessageText {
    /// Reads the text of a post.
    ///
    /// # Errors
    /// [`Invalid::MessageBlank`] when empty, [`Invalid::MessageTooLong`] beyond 280 code points.
    pub fn post(text: Option<String>) -> Result<Self, Invalid> {
        Self::within(text, POST_MAX, Invalid::MessageTooLong)
    }

    /// Reads the text of a reply or of a direct message.
    ///
    /// # Errors
    /// [`Invalid::MessageBlank`] when empty, [`Invalid::LongMessageTooLong`] beyond 1024 code
    /// points.
    pub fn long(text: Option<String>) -> Result<Self, Invalid> {
        Self::within(text, LONG_MAX, Invalid::LongMessageTooLong)
    }

    /// Wraps a text that was checked before it was stored.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    fn within(text: Option<String>, max: usize, too_long: Invalid) -> Result<Self, Invalid> {
        let text = text.filter(|text| !text.is_empty()).ok_or(Invalid::MessageBlank)?;
        if is_longer(&text, max) { Err(too_long) } else { Ok(Self(text)) }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name that other users see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DisplayName(String);

impl DisplayName {
    /// Reads a name of 1 to 128 code points.
    ///
    /// # Errors
    /// [`Invalid::DisplayNameBlank`] when empty, [`Invalid::DisplayNameTooLong`] beyond 128 code
    /// points.
    pub fn parse(text: Option<String>) -> Result<Self, Invalid> {
        let text = text.filter(|text| !text.is_empty()).ok_or(Invalid::DisplayNameBlank)?;
        if is_longer(&text, DISPLAY_NAME_MAX) { Err(Invalid::DisplayNameTooLong) } else { Ok(Self(text)) }
    }

    /// Returns the name given at sign-up, cut to 128 code points; `fallback` for an empty name.
    pub fn truncate(name: &str, fallback: &str) -> Self {
        let name = if name.is_empty() { fallback } else { name };
        Self(name.chars().take(DISPLAY_NAME_MAX).collect())
    }

    /// Wraps a name that was checked before it was stored.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The biography of a user; may be empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bio(String);

impl Bio {
    /// Reads a biography of at most 1024 code points. A missing one is empty, as in the original
    /// API.
    ///
    /// # Errors
    /// [`Invalid::BioTooLong`] beyond 1024 code points.
    pub fn parse(text: Option<String>) -> Result<Self, Invalid> {
        let text = text.unwrap_or_default();
        if is_longer(&text, BIO_MAX) { Err(Invalid::BioTooLong) } else { Ok(Self(text)) }
    }

    /// Wraps a text that was checked before it was stored.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns whether a text has more than `max` code points. It stops counting there, so a huge text
/// costs no more than a long one.
fn is_longer(text: &str, max: usize) -> bool {
    text.chars().nth(max).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_count_code_points() {
        assert!(MessageText::post(Some("🦀".repeat(280))).is_ok());
        assert_eq!(MessageText::post(Some("🦀".repeat(281))), Err(Invalid::MessageTooLong));
        assert!(MessageText::long(Some("é".repeat(1_024))).is_ok());
        assert_eq!(MessageText::long(Some("é".repeat(1_025))), Err(Invalid::LongMessageTooLong));
        assert!(Bio::parse(Some("é".repeat(1_024))).is_ok());
        assert_eq!(Bio::parse(Some("é".repeat(1_025))), Err(Invalid::BioTooLong));
        assert!(DisplayName::parse(Some("é".repeat(128))).is_ok());
        assert_eq!(DisplayName::parse(Some("é".repeat(129))), Err(Invalid::DisplayNameTooLong));
    }

    #[test]
    fn only_a_missing_or_empty_text_is_blank() {
        for blank in [None, Some(String::new())] {
            assert_eq!(MessageText::post(blank.clone()), Err(Invalid::MessageBlank));
            assert_eq!(MessageText::long(blank.clone()), Err(Invalid::MessageBlank));
            assert_eq!(DisplayName::parse(blank.clone()), Err(Invalid::DisplayNameBlank));
            assert_eq!(Bio::parse(blank).unwrap().as_str(), "");
        }
        assert!(MessageText::post(Some(" ".to_owned())).is_ok());
        assert_eq!(MessageText::post(Some("\0".to_owned())).unwrap().as_str(), "\0");
    }

    #[test]
    fn every_sign_up_gets_a_display_name() {
        assert_eq!(DisplayName::truncate("", "worf").as_str(), "worf");
        assert_eq!(DisplayName::truncate(&"é".repeat(500), "worf").as_str().chars().count(), 128);
    }
}
