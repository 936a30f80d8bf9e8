//! Pagination: the length and the start of a page, and where the next page starts.

use crate::cursor::Cursor;
use crate::id::{ActivityId, GroupId, MessageId};
use crate::invalid::Invalid;
use crate::timestamp::Timestamp;

/// The most items of a page: 1 to 100, 40 by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLimit(usize);

impl PageLimit {
    /// The limit of a request without `limit`: that of the original API's user page.
    pub const DEFAULT: Self = Self(40);
    /// The largest limit: DynamoDB's BatchGetItem returns at most 100 items.
    pub const MAX: Self = Self(100);

    /// Reads the query parameter `limit`; [`PageLimit::DEFAULT`] when it is missing.
    ///
    /// # Errors
    /// [`Invalid::LimitInvalid`] for anything but the plain digits of a number from 1 to 100.
    pub fn parse(text: Option<&str>) -> Result<Self, Invalid> {
        let Some(text) = text else { return Ok(Self::DEFAULT) };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| digits && (1..=Self::MAX.0).contains(number));
        number.map(Self).ok_or(Invalid::LimitInvalid)
    }

    /// Returns the number.
    pub const fn get(self) -> usize {
        self.0
    }
}

/// The page of a list that a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// The most items of the page.
    pub limit: PageLimit,
    /// Where the page starts; `None` for the newest item.
    pub before: Option<Cursor>,
}

impl PageRequest {
    /// The newest page, with the default limit.
    pub const FIRST: Self = Self { limit: PageLimit::DEFAULT, before: None };

    /// Reads the query parameters `limit` and `before`.
    ///
    /// # Errors
    /// [`Invalid::BeforeInvalid`] or else [`Invalid::LimitInvalid`].
    pub fn parse(limit: Option<&str>, before: Option<&str>) -> Result<Self, Invalid> {
        let before = before.map(Cursor::parse).transpose()?;
        Ok(Self { limit: PageLimit::parse(limit)?, before })
    }

    /// Returns the start of a page of activities.
    ///
    /// # Errors
    /// [`Invalid::BeforeInvalid`] for a cursor of another kind of list.
    pub fn before_activity(&self) -> Result<Option<ActivityId>, Invalid> {
        match self.before {
            None => Ok(None),
            Some(Cursor::Activity(id)) => Ok(Some(id)),
            Some(_) => Err(Invalid::BeforeInvalid),
        }
    }

    /// Returns the start of a page of messages.
    ///
    /// # Errors
    /// [`Invalid::BeforeInvalid`] for a cursor of another kind of list.
    pub fn before_message(&self) -> Result<Option<MessageId>, Invalid> {
        match self.before {
            None => Ok(None),
            Some(Cursor::Message(id)) => Ok(Some(id)),
            Some(_) => Err(Invalid::BeforeInvalid),
        }
    }

    /// Returns the start of a page of conversations.
    ///
    /// # Errors
    /// [`Invalid::BeforeInvalid`] for a cursor of another kind of list.
    pub fn before_group(&self) -> Result<Option<(Timestamp, GroupId)>, Invalid> {
        match self.before {
            None => Ok(None),
            Some(Cursor::Group(at, id)) => Ok(Some((at, id))),
            Some(_) => Err(Invalid::BeforeInvalid),
        }
    }
}

/// A page of a list, and where the next page starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The body of the response.
    pub content: T,
    /// Where the next page starts; `None` on the last page.
    pub next: Option<Cursor>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_plain_number_up_to_a_hundred() {
        assert_eq!(PageLimit::parse(None), Ok(PageLimit::DEFAULT));
        assert_eq!(PageLimit::parse(Some("1")).map(PageLimit::get), Ok(1));
        assert_eq!(PageLimit::parse(Some("100")), Ok(PageLimit::MAX));
        for text in ["", "0", "101", "-1", "+5", " 5", "1e1", "4.0", "forty", "99999999999999999999999"] {
            assert_eq!(PageLimit::parse(Some(text)), Err(Invalid::LimitInvalid), "{text}");
        }
    }

    #[test]
    fn a_cursor_is_valid_only_for_its_kind_of_list() {
        let id = ActivityId::first_at(Timestamp::from_micros(9));
        let request = PageRequest::parse(None, Some(&Cursor::Activity(id).to_string())).unwrap();
        assert_eq!(request.before_activity(), Ok(Some(id)));
        assert_eq!(request.before_message(), Err(Invalid::BeforeInvalid));
        assert_eq!(request.before_group(), Err(Invalid::BeforeInvalid));
    }
}
