//! A handle: the name by which people address each other.

use serde::{Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;

use crate::Invalid;

/// The most code points of a handle.
const HANDLE_MAX: usize = 64;

/// A name without its `@`: 1 to 64 code points, none of them white space, a control character, invisible, or one that an
/// address or a key gives a meaning.
///
/// It is shown as given. Two handles are the same person's when their [`Handle::key`] is equal: case and the compatibility
/// forms of a letter do not tell people apart.
#[derive(Clone, Debug)]
pub struct Handle {
    shown: String,
    key: String,
}

impl Handle {
    /// Reads a handle without its `@`.
    ///
    /// # Errors
    /// [`Invalid::NotFound`]: nobody can bear it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let key: String = text.nfkc().collect::<String>().to_lowercase().nfkc().collect();
        if !fits(text) || !fits(&key) {
            return Err(Invalid::NotFound);
        }
        Ok(Self { shown: text.to_owned(), key })
    }

    /// Reads a part of a path, where the handle follows an `@`, raw or as `%40`.
    ///
    /// # Errors
    /// [`Invalid::NotFound`] without that sign, or as [`Handle::parse`].
    pub fn from_path(part: &str) -> Result<Self, Invalid> {
        let bare = part.strip_prefix('@').or_else(|| part.strip_prefix("%40")).ok_or(Invalid::NotFound)?;
        Self::parse(bare)
    }

    /// The nearest handle to what somebody wished for at sign-up: what does not fit is left out.
    pub fn sanitize(wish: &str) -> Self {
        let kept: String = wish.chars().filter(|&sign| allowed(sign)).take(HANDLE_MAX).collect();
        Self::parse(&kept).unwrap_or_else(|_| Self { shown: "user".to_owned(), key: "user".to_owned() })
    }

    /// The same handle with `-` and a suffix, shortened at its end to fit.
    #[must_use]
    pub fn with_suffix(&self, suffix: &str) -> Self {
        let room = HANDLE_MAX.saturating_sub(suffix.chars().count() + 1);
        let start: String = self.shown.chars().take(room).collect();
        // Compatibility forms may make the key longer than what is shown: then the key is what can be shortened.
        Self::parse(&format!("{start}-{suffix}")).unwrap_or_else(|_| {
            let start: String = self.key.chars().take(room).collect();
            Self::sanitize(&format!("{start}-{suffix}"))
        })
    }

    /// As its owner wrote it.
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// As it is compared and stored.
    pub fn key(&self) -> &str {
        &self.key
    }
}

fn fits(text: &str) -> bool {
    (1..=HANDLE_MAX).contains(&text.chars().count()) && text.chars().all(allowed)
}

fn allowed(sign: char) -> bool {
    !sign.is_whitespace() && !sign.is_control() && !unseen(sign) && !"/#?%@".contains(sign)
}

/// Signs that show nothing or turn the direction of what follows: with them one could look like somebody else.
fn unseen(sign: char) -> bool {
    matches!(sign, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Handle {}

impl std::fmt::Display for Handle {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.shown)
    }
}

impl Serialize for Handle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn is_shown_as_given_and_compared_without_case() {
        let handle = Handle::parse("AndrewBrown").unwrap();
        assert_eq!((handle.as_str(), handle.key()), ("AndrewBrown", "andrewbrown"));
        assert_eq!(handle, Handle::parse("ａndrewbrown").unwrap());
    }

    #[test]
    fn the_sign_in_a_path_may_be_raw_or_encoded() {
        for part in ["@worf", "%40worf"] {
            assert_eq!(Handle::from_path(part).unwrap().as_str(), "worf", "{part}");
        }
        for part in ["worf", "@", "%40", "@@worf", "", "home"] {
            assert_eq!(Handle::from_path(part), Err(Invalid::NotFound), "{part}");
        }
    }

    #[test]
    fn signs_with_a_meaning_elsewhere_are_refused() {
        // The last one is a compatibility form that stands for `a/c`.
        for text in ["a b", "a/b", "a#b", "a?b", "a%b", "@a", "a\0b", "a\nb", "a\u{202e}b", "\u{200b}", "℀"] {
            assert_eq!(Handle::parse(text), Err(Invalid::NotFound), "{text:?}");
        }
    }

    #[test]
    fn sixty_four_code_points_are_the_most() {
        assert!(Handle::parse(&"🦀".repeat(64)).is_ok());
        assert_eq!(Handle::parse(&"a".repeat(65)), Err(Invalid::NotFound));
        // One of these is eighteen code points in its comparable form.
        assert_eq!(Handle::parse(&"\u{fdfa}".repeat(4)), Err(Invalid::NotFound));
    }

    proptest! {
        #[test]
        fn the_key_of_a_key_is_itself(text in ".{1,64}") {
            if let Ok(handle) = Handle::parse(&text) {
                let again = Handle::parse(handle.key()).map(|other| other.key);
                prop_assert_eq!(again, Ok(handle.key));
            }
        }

        #[test]
        fn any_wish_gives_a_handle_that_fits(wish in ".*", suffix in "[0-9a-f]{1,32}") {
            let handle = Handle::sanitize(&wish);
            prop_assert!(Handle::parse(handle.as_str()).is_ok());
            let other = handle.with_suffix(&suffix);
            prop_assert!(Handle::parse(other.as_str()).is_ok());
            prop_assert!(other.as_str().ends_with(&suffix), "{} {}", other, suffix);
        }
    }
}
