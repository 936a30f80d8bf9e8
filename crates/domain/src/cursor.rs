//! Cursors: opaque positions in a list.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::id::{ActivityId, GroupId, MessageId};
use crate::invalid::Invalid;
use crate::timestamp::Timestamp;

/// The first byte of a cursor: the kind of list that it belongs to.
const ACTIVITIES: u8 = b'a';
const MESSAGES: u8 = b'm';
const GROUPS: u8 = b'g';
/// The length of the longest cursor in base64: a kind, a timestamp and an id.
const CURSOR_MAX: usize = 34;

/// A position in a list. The next page begins with the newest item that is older than it. Clients
/// see an opaque string.
///
/// A cursor is not signed, because it grants no access: a forged one returns a page that the caller
/// may read anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// A position among activities or notifications.
    Activity(ActivityId),
    /// A position among the messages of a conversation.
    Message(MessageId),
    /// A position among conversations, which are sorted by their last messages.
    Group(Timestamp, GroupId),
}

impl Cursor {
    /// Reads a cursor.
    ///
    /// # Errors
    /// [`Invalid::BeforeInvalid`] for a text that is not exactly the text form of a cursor.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let bytes =
            Some(text).filter(|text| text.len() <= CURSOR_MAX).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        bytes.as_deref().and_then(Self::from_bytes).ok_or(Invalid::BeforeInvalid)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (kind, position) = bytes.split_first()?;
        match *kind {
            ACTIVITIES => ActivityId::from_uuid(Uuid::from_slice(position).ok()?).map(Self::Activity),
            MESSAGES => MessageId::from_uuid(Uuid::from_slice(position).ok()?).map(Self::Message),
            GROUPS => {
                let (micros, group) = position.split_first_chunk::<8>()?;
                let micros = Some(u64::from_be_bytes(*micros)).filter(|micros| *micros <= Timestamp::MAX.micros())?;
                Some(Self::Group(Timestamp::from_micros(micros), Uuid::from_slice(group).ok()?.into()))
            }
            _ => None,
        }
    }

    fn to_bytes(self) -> Vec<u8> {
        match self {
            Self::Activity(id) => [&[ACTIVITIES], id.uuid().as_bytes().as_slice()].concat(),
            Self::Message(id) => [&[MESSAGES], id.uuid().as_bytes().as_slice()].concat(),
            Self::Group(at, id) => [&[GROUPS], at.micros().to_be_bytes().as_slice(), id.uuid().as_bytes()].concat(),
        }
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&URL_SAFE_NO_PAD.encode(self.to_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn a_cursor_is_parsed_from_its_own_text(micros in 0..=Timestamp::MAX.micros(), group in any::<u128>()) {
            let timestamp = Timestamp::from_micros(micros);
            for cursor in [
                Cursor::Activity(ActivityId::at(timestamp)),
                Cursor::Message(MessageId::at(timestamp)),
                Cursor::Group(timestamp, Uuid::from_u128(group).into()),
            ] {
                prop_assert_eq!(Cursor::parse(&cursor.to_string()), Ok(cursor));
            }
        }

        #[test]
        fn a_position_has_exactly_one_text(text in "[A-Za-z0-9_-]{0,40}") {
            if let Ok(cursor) = Cursor::parse(&text) {
                prop_assert_eq!(cursor.to_string(), text);
            }
        }

        #[test]
        fn any_bytes_are_a_cursor_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(cursor) = Cursor::parse(&URL_SAFE_NO_PAD.encode(&bytes)) {
                prop_assert_eq!(cursor.to_bytes(), bytes);
            }
        }
    }
}
