//! Texts of people, with their limits. Lengths are code points: an emoji is one.

use serde::Serialize;

use crate::Invalid;

/// The most code points of a post.
const POST_MAX: usize = 280;
/// The most code points of a reply or a direct message.
const LONG_MAX: usize = 1_024;
/// The most code points of a name to show. The original has no limit; this one keeps an item small.
const DISPLAY_NAME_MAX: usize = 128;
/// The most code points of a biography. The original has no limit; this one keeps an item small.
const BIO_MAX: usize = 1_024;

/// What somebody wrote: never empty, otherwise any text, given back unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MessageText(String);

impl MessageText {
    /// The text of a post.
    ///
    /// # Errors
    /// [`Invalid::MessageBlank`] when empty, [`Invalid::MessageTooLong`] beyond 280 code points.
    pub fn post(text: Option<String>) -> Result<Self, Invalid> {
        Self::within(text, POST_MAX, Invalid::MessageTooLong)
    }

    /// The text of a reply or of a direct message.
    ///
    /// # Errors
    /// [`Invalid::MessageBlank`] when empty, [`Invalid::LongMessageTooLong`] beyond 1024 code points.
    pub fn long(text: Option<String>) -> Result<Self, Invalid> {
        Self::within(text, LONG_MAX, Invalid::LongMessageTooLong)
    }

    /// A text that was accepted before: what a store reads back.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    fn within(text: Option<String>, most: usize, too_long: Invalid) -> Result<Self, Invalid> {
        let text = text.filter(|text| !text.is_empty()).ok_or(Invalid::MessageBlank)?;
        if longer(&text, most) { Err(too_long) } else { Ok(Self(text)) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name that others see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DisplayName(String);

impl DisplayName {
    /// Reads a name of 1 to 128 code points.
    ///
    /// # Errors
    /// [`Invalid::DisplayNameBlank`] when empty, [`Invalid::DisplayNameTooLong`] beyond that.
    pub fn parse(text: Option<String>) -> Result<Self, Invalid> {
        let text = text.filter(|text| !text.is_empty()).ok_or(Invalid::DisplayNameBlank)?;
        if longer(&text, DISPLAY_NAME_MAX) { Err(Invalid::DisplayNameTooLong) } else { Ok(Self(text)) }
    }

    /// The nearest name to what somebody gave at sign-up; `otherwise` where they gave none.
    pub fn truncate(wish: &str, otherwise: &str) -> Self {
        let wish = if wish.is_empty() { otherwise } else { wish };
        Self(wish.chars().take(DISPLAY_NAME_MAX).collect())
    }

    /// A name that was accepted before: what a store reads back.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What somebody says about himself; may be empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bio(String);

impl Bio {
    /// Reads a biography of at most 1024 code points; none is an empty one, as in the original.
    ///
    /// # Errors
    /// [`Invalid::BioTooLong`] beyond that.
    pub fn parse(text: Option<String>) -> Result<Self, Invalid> {
        let text = text.unwrap_or_default();
        if longer(&text, BIO_MAX) { Err(Invalid::BioTooLong) } else { Ok(Self(text)) }
    }

    /// A text that was accepted before: what a store reads back.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text has more code points than that; stops counting there, so a huge text costs no more than a long one.
fn longer(text: &str, most: usize) -> bool {
    text.chars().nth(most).is_some()
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
    fn only_nothing_is_blank() {
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
    fn a_name_is_found_for_everybody() {
        assert_eq!(DisplayName::truncate("", "worf").as_str(), "worf");
        assert_eq!(DisplayName::truncate(&"é".repeat(500), "worf").as_str().chars().count(), 128);
    }
}
