//! The ids of a user: the identity provider's `sub`, and the uuid derived from it.

use serde::Serialize;
use uuid::Uuid;

use super::format::{NAMESPACE, impl_uuid_text};
use crate::invalid::Invalid;

/// The longest `sub` accepted. Cognito's have 36 characters; 128 also fits those of other identity
/// providers.
const SUB_MAX: usize = 128;

/// The `uuid` of a user in responses. It is derived from the `sub`, so it is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(Uuid);

impl_uuid_text!(UserId);

/// The subject of a token: Cognito's `sub`, which is never reused and never changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Sub(String);

impl Sub {
    /// Reads a `sub`: 1 to 128 ASCII letters, digits, `-`, `_`, `:`, `.` or `|`.
    ///
    /// # Errors
    /// [`Invalid::CallerUnknown`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:.|".contains(&byte);
        if text.is_empty() || text.len() > SUB_MAX || !text.bytes().all(allowed) {
            return Err(Invalid::CallerUnknown);
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the text as Cognito issued it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the user's `uuid` in responses.
    pub fn user_id(&self) -> UserId {
        UserId(Uuid::new_v5(&NAMESPACE, format!("user#{}", self.0).as_bytes()))
    }
}

impl std::fmt::Display for Sub {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sub_is_a_short_plain_text() {
        assert!(Sub::parse("68f126b0-1ceb-4a33-88be-d90fa7109eee").is_ok());
        for text in ["", "a#b", "a b", "é", &"a".repeat(129)] {
            assert_eq!(Sub::parse(text), Err(Invalid::CallerUnknown), "{text}");
        }
    }
}
