//! Pages of lists: how long, from where, and how to go on.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::{ActivityId, GroupId, Invalid, MessageId, Timestamp};

/// The first byte of a cursor: which kind of list it belongs to.
const OF_ACTIVITIES: u8 = b'a';
const OF_MESSAGES: u8 = b'm';
const OF_GROUPS: u8 = b'g';
/// The longest cursor, in base64: a kind, a moment and an id.
const CURSOR_MAX: usize = 34;

/// How many items a page has at most: 1 to 100, usually 40.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLimit(usize);

impl PageLimit {
    /// What a page has where nothing is asked for: the original's user page.
    pub const DEFAULT: Self = Self(40);
    /// The most that can be asked for: DynamoDB hands out a hundred items by id in one go.
    pub const MAX: Self = Self(100);

    /// Reads `limit` of a query; its absence is the usual one.
    ///
    /// # Errors
    /// [`Invalid::LimitInvalid`] for anything but plain digits of a number from 1 to 100.
    pub fn parse(text: Option<&str>) -> Result<Self, Invalid> {
        let Some(text) = text else { return Ok(Self::DEFAULT) };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| digits && (1..=Self::MAX.0).contains(number));
        number.map(Self).ok_or(Invalid::LimitInvalid)
    }

    /// The number.
    pub const fn get(self) -> usize {
        self.0
    }
}

/// A position in a list: everything before it, that is older, is still to come. The client sees an opaque word.
///
/// A position gives no right to anything, so it is not signed: whoever makes one up gets a page of what he may read anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// Among activities or notifications.
    Activity(ActivityId),
    /// Among the messages of a conversation.
    Message(MessageId),
    /// Among conversations, by their last messages.
    Group(Timestamp, GroupId),
}

impl Cursor {
    /// Reads a cursor as shown.
    ///
    /// # Errors
    /// [`Invalid::BeforeInvalid`] for what this type never shows.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let bytes =
            Some(text).filter(|text| text.len() <= CURSOR_MAX).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        bytes.as_deref().and_then(Self::from_bytes).ok_or(Invalid::BeforeInvalid)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (kind, place) = bytes.split_first()?;
        match *kind {
            OF_ACTIVITIES => ActivityId::from_uuid(Uuid::from_slice(place).ok()?).map(Self::Activity),
            OF_MESSAGES => MessageId::from_uuid(Uuid::from_slice(place).ok()?).map(Self::Message),
            OF_GROUPS => {
                let (micros, group) = place.split_first_chunk::<8>()?;
                let micros = Some(u64::from_be_bytes(*micros)).filter(|micros| *micros <= Timestamp::MAX.micros())?;
                Some(Self::Group(Timestamp::from_micros(micros), Uuid::from_slice(group).ok()?.into()))
            }
            _ => None,
        }
    }

    fn to_bytes(self) -> Vec<u8> {
        match self {
            Self::Activity(id) => [&[OF_ACTIVITIES], id.uuid().as_bytes().as_slice()].concat(),
            Self::Message(id) => [&[OF_MESSAGES], id.uuid().as_bytes().as_slice()].concat(),
            Self::Group(at, id) => [&[OF_GROUPS], at.micros().to_be_bytes().as_slice(), id.uuid().as_bytes()].concat(),
        }
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&URL_SAFE_NO_PAD.encode(self.to_bytes()))
    }
}

/// Which page of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// How long it may be.
    pub limit: PageLimit,
    /// Where it begins; `None` at the newest.
    pub before: Option<Cursor>,
}

impl PageRequest {
    /// The newest page of usual length.
    pub const FIRST: Self = Self { limit: PageLimit::DEFAULT, before: None };

    /// Reads `limit` and `before` of a query.
    ///
    /// # Errors
    /// [`Invalid::LimitInvalid`], [`Invalid::BeforeInvalid`]; the latter counts more.
    pub fn parse(limit: Option<&str>, before: Option<&str>) -> Result<Self, Invalid> {
        let before = before.map(Cursor::parse).transpose()?;
        Ok(Self { limit: PageLimit::parse(limit)?, before })
    }

    /// Where to begin among activities.
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

    /// Where to begin among messages.
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

    /// Where to begin among conversations.
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

/// A page and how to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What the client is answered.
    pub content: T,
    /// Where the next page begins; `None` when nothing is left.
    pub next: Option<Cursor>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
    fn forged_cursors_are_refused() {
        let id = ActivityId::parse("0190a5d6-a000-7000-8000-00000000abcd").unwrap();
        let good = Cursor::Activity(id).to_string();
        assert_eq!(Cursor::parse(&good), Ok(Cursor::Activity(id)));
        let tail = [&good[..good.len() - 1], "_"].concat();
        for text in ["", "a", "AAAA", "%%%", &good[1..], &format!("{good}="), &format!("{good}A"), &tail] {
            assert_eq!(Cursor::parse(text), Err(Invalid::BeforeInvalid), "{text}");
        }
    }

    #[test]
    fn a_cursor_fits_only_its_kind_of_list() {
        let id = ActivityId::first_at(Timestamp::from_micros(9));
        let request = PageRequest::parse(None, Some(&Cursor::Activity(id).to_string())).unwrap();
        assert_eq!(request.before_activity(), Ok(Some(id)));
        assert_eq!(request.before_message(), Err(Invalid::BeforeInvalid));
        assert_eq!(request.before_group(), Err(Invalid::BeforeInvalid));
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_shown(micros in 0..=Timestamp::MAX.micros(), group in any::<u128>()) {
            let moment = Timestamp::from_micros(micros);
            for cursor in [
                Cursor::Activity(ActivityId::at(moment)),
                Cursor::Message(MessageId::at(moment)),
                Cursor::Group(moment, Uuid::from_u128(group).into()),
            ] {
                prop_assert_eq!(Cursor::parse(&cursor.to_string()), Ok(cursor));
            }
        }

        #[test]
        fn one_position_has_one_spelling(text in "[A-Za-z0-9_-]{0,40}") {
            if let Ok(cursor) = Cursor::parse(&text) {
                prop_assert_eq!(cursor.to_string(), text);
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(cursor) = Cursor::parse(&URL_SAFE_NO_PAD.encode(&bytes)) {
                prop_assert_eq!(cursor.to_bytes(), bytes);
            }
        }
    }
}
