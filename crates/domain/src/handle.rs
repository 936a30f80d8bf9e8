//! Handles: the unique names of users.

use serde::{Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;

use crate::invalid::Invalid;

/// The longest handle, in code points.
const HANDLE_MAX: usize = 64;

/// The unique name of a user, without its `@`.
///
/// It has 1 to 64 code points. None of them is white space, a control character, invisible, or
/// special in a URL or a key. It is displayed as given. Two handles are equal if their
/// [`Handle::key`] is: neither case nor the compatibility form of a letter makes a difference.
#[derive(Clone, Debug)]
pub struct Handle {
    text: String,
    key: String,
}

impl Handle {
    /// Reads a handle without its `@`.
    ///
    /// # Errors
    /// [`Invalid::NotFound`] for a text that cannot be a handle.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let key: String = text.nfkc().collect::<String>().to_lowercase().nfkc().collect();
        if !is_valid(text) || !is_valid(&key) {
            return Err(Invalid::NotFound);
        }
        Ok(Self { text: text.to_owned(), key })
    }

    /// Reads a path segment, in which the handle follows an `@`, raw or as `%40`.
    ///
    /// # Errors
    /// [`Invalid::NotFound`] without the `@`, or as [`Handle::parse`].
    pub fn from_path(segment: &str) -> Result<Self, Invalid> {
        let bare = segment.strip_prefix('@').or_else(|| segment.strip_prefix("%40")).ok_or(Invalid::NotFound)?;
        Self::parse(bare)
    }

    /// Returns the handle requested at sign-up, without the characters that a handle may not have.
    pub fn sanitize(requested: &str) -> Self {
        let kept: String = requested.chars().filter(|&c| is_allowed(c)).take(HANDLE_MAX).collect();
        Self::parse(&kept).unwrap_or_else(|_| Self { text: "user".to_owned(), key: "user".to_owned() })
    }

    /// Returns the handle with `-` and a suffix, shortened before them to stay within 64 code
    /// points.
    #[must_use]
    pub fn with_suffix(&self, suffix: &str) -> Self {
        let length = HANDLE_MAX.saturating_sub(suffix.chars().count() + 1);
        let start: String = self.text.chars().take(length).collect();
        // Compatibility decomposition may make the key longer than the text. Then shorten the key
        // instead.
        Self::parse(&format!("{start}-{suffix}")).unwrap_or_else(|_| {
            let start: String = self.key.chars().take(length).collect();
            Self::sanitize(&format!("{start}-{suffix}"))
        })
    }

    /// Returns the handle as its owner wrote it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the form that is compared and stored: NFKC and lower case.
    pub fn key(&self) -> &str {
        &self.key
    }
}

fn is_valid(text: &str) -> bool {
    (1..=HANDLE_MAX).contains(&text.chars().count()) && text.chars().all(is_allowed)
}

fn is_allowed(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !is_invisible(c) && !"/#?%@".contains(c)
}

/// Returns whether a character is invisible or changes the text direction. With such a character, a
/// handle could look like another user's.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Handle {}

impl std::fmt::Display for Handle {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.text)
    }
}

impl Serialize for Handle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_handle_is_displayed_as_given_and_compared_without_case() {
        let handle = Handle::parse("AndrewBrown").unwrap();
        assert_eq!((handle.as_str(), handle.key()), ("AndrewBrown", "andrewbrown"));
        assert_eq!(handle, Handle::parse("ａndrewbrown").unwrap());
    }

    #[test]
    fn the_at_sign_in_a_path_may_be_raw_or_encoded() {
        for segment in ["@worf", "%40worf"] {
            assert_eq!(Handle::from_path(segment).unwrap().as_str(), "worf", "{segment}");
        }
        for segment in ["worf", "@", "%40", "@@worf", "", "home"] {
            assert_eq!(Handle::from_path(segment), Err(Invalid::NotFound), "{segment}");
        }
    }

    #[test]
    fn characters_that_are_special_in_urls_and_keys_are_refused() {
        // The compatibility form of the last one is `a/c`.
        for text in ["a b", "a/b", "a#b", "a?b", "a%b", "@a", "a\0b", "a\nb", "a\u{202e}b", "\u{200b}", "℀"] {
            assert_eq!(Handle::parse(text), Err(Invalid::NotFound), "{text:?}");
        }
    }

    #[test]
    fn a_handle_has_at_most_sixty_four_code_points() {
        assert!(Handle::parse(&"🦀".repeat(64)).is_ok());
        assert_eq!(Handle::parse(&"a".repeat(65)), Err(Invalid::NotFound));
        // The compatibility form of this character has eighteen code points.
        assert_eq!(Handle::parse(&"\u{fdfa}".repeat(4)), Err(Invalid::NotFound));
    }

    proptest! {
        #[test]
        fn the_key_of_a_key_is_the_key_itself(text in ".{1,64}") {
            if let Ok(handle) = Handle::parse(&text) {
                let again = Handle::parse(handle.key()).map(|other| other.key);
                prop_assert_eq!(again, Ok(handle.key));
            }
        }

        #[test]
        fn any_requested_name_yields_a_valid_handle(requested in ".*", suffix in "[0-9a-f]{1,32}") {
            let handle = Handle::sanitize(&requested);
            prop_assert!(Handle::parse(handle.as_str()).is_ok());
            let other = handle.with_suffix(&suffix);
            prop_assert!(Handle::parse(other.as_str()).is_ok());
            prop_assert!(other.as_str().ends_with(&suffix), "{} {}", other, suffix);
        }
    }
}
