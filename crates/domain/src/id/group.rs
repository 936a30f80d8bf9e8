//! The id of a conversation.

use uuid::Uuid;

use super::format::{NAMESPACE, impl_uuid_text};
use super::subject::Sub;
use crate::invalid::Invalid;

/// The id of a conversation of two people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(Uuid);

impl GroupId {
    /// Returns the conversation of these two people. Both derive the same id, so there is never a
    /// second conversation.
    pub fn between(one: &Sub, other: &Sub) -> Self {
        let (first, second) = if one <= other { (one, other) } else { (other, one) };
        // A `sub` holds no `#`, so the text of each pair is unique.
        Self(Uuid::new_v5(&NAMESPACE, format!("group#{first}#{second}").as_bytes()))
    }

    /// Reads an id, in upper or lower case.
    ///
    /// # Errors
    /// [`Invalid::NotFound`] for a text that is not a uuid with hyphens.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let hyphenated = text.len() == uuid::fmt::Hyphenated::LENGTH;
        Uuid::try_parse(text).ok().filter(|_| hyphenated).map(Self).ok_or(Invalid::NotFound)
    }

    /// Returns the id in binary form.
    pub const fn uuid(&self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for GroupId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl_uuid_text!(GroupId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_members_derive_the_same_conversation() {
        let (one, other, third) = (Sub::parse("a").unwrap(), Sub::parse("b").unwrap(), Sub::parse("c").unwrap());
        assert_eq!(GroupId::between(&one, &other), GroupId::between(&other, &one));
        assert_ne!(GroupId::between(&one, &other), GroupId::between(&one, &third));
    }
}
