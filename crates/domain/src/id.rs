//! Ids: of activities and messages, which sort by time; of people; of conversations.

use serde::{Serialize, Serializer};
use uuid::{Builder, Uuid};

use crate::{Invalid, Timestamp};

/// Our own namespace of derived ids: made once at random, never to be changed, since stored ids depend on it.
const NAMESPACE: Uuid = Uuid::from_u128(0x7b1c_9a52_64f3_4e0d_9d7a_52e6_01c8_b3f4);
/// The longest `sub` taken. Cognito's are 36 characters; 128 leaves room for another identity provider.
const SUB_MAX: usize = 128;

/// Makes an id type whose text sorts as its moments do.
///
/// The layout is RFC 9562's version 7 with its method 3: 48 bits of milliseconds, then 12 bits that are the fraction of the
/// millisecond. A microsecond moves that fraction by four or more, so the moment can be read back exactly.
macro_rules! timed_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id for this moment; 62 random bits keep ids of one microsecond apart.
            pub fn at(moment: Timestamp) -> Self {
                Self(timed(moment, Uuid::new_v4().as_bytes()))
            }

            /// The least id of this moment: all ids made earlier are smaller.
            pub fn first_at(moment: Timestamp) -> Self {
                Self(timed(moment, &[0; 16]))
            }

            /// Reads an id as one of ours; case does not matter.
            ///
            /// # Errors
            /// [`Invalid::NotFound`] for what is no id that this type could have made.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                // Only the form with hyphens: an id has one spelling, so a resource has one address.
                let hyphenated = text.len() == uuid::fmt::Hyphenated::LENGTH;
                let id = Uuid::try_parse(text).ok().filter(|_| hyphenated).ok_or(Invalid::NotFound)?;
                Self::from_uuid(id).ok_or(Invalid::NotFound)
            }

            /// The same for an id in binary form; `None` for what this type could not have made.
            pub fn from_uuid(id: Uuid) -> Option<Self> {
                (timed(moment_of(&id)?, id.as_bytes()) == id).then_some(Self(id))
            }

            /// The moment that the id was made for.
            pub fn timestamp(&self) -> Timestamp {
                moment_of(&self.0).expect("an id is only made from a moment")
            }

            /// The id in binary form.
            pub const fn uuid(&self) -> Uuid {
                self.0
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        shown_as_its_uuid!($name);
    };
}

/// Lower-case text with hyphens, in answers as in keys.
macro_rules! shown_as_its_uuid {
    ($name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.hyphenated().fmt(out)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

timed_id! {
    /// A post or a reply.
    ActivityId
}

timed_id! {
    /// A direct message.
    MessageId
}

/// The bits of an id: the moment, and what is left of `rest`.
fn timed(moment: Timestamp, rest: &[u8; 16]) -> Uuid {
    let (millis, micros) = (moment.micros() / 1_000, moment.micros() % 1_000);
    let fraction = (micros * 4_096).div_ceil(1_000);
    let mut bytes = *rest;
    bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    bytes[6..8].copy_from_slice(&u16::try_from(fraction).expect("below 4096").to_be_bytes());
    Builder::from_bytes(bytes).with_version(uuid::Version::SortRand).with_variant(uuid::Variant::RFC4122).into_uuid()
}

/// The moment in an id's first bits, if it is one that can be shown.
fn moment_of(id: &Uuid) -> Option<Timestamp> {
    let bytes = id.as_bytes();
    let millis = bytes[..6].iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let fraction = u64::from(bytes[6] & 0x0f) << 8 | u64::from(bytes[7]);
    let micros = millis * 1_000 + fraction * 1_000 / 4_096;
    (micros <= Timestamp::MAX.micros()).then(|| Timestamp::from_micros(micros))
}

/// A conversation of two people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(Uuid);

impl GroupId {
    /// The conversation of these two, whoever opens it: both derive the same id, so there is never a second one.
    pub fn between(one: &Sub, other: &Sub) -> Self {
        let (first, second) = if one <= other { (one, other) } else { (other, one) };
        // A `sub` holds no `#`, so no two pairs read alike.
        Self(Uuid::new_v5(&NAMESPACE, format!("group#{first}#{second}").as_bytes()))
    }

    /// Reads an id; case does not matter.
    ///
    /// # Errors
    /// [`Invalid::NotFound`] for what is no uuid with hyphens.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let hyphenated = text.len() == uuid::fmt::Hyphenated::LENGTH;
        Uuid::try_parse(text).ok().filter(|_| hyphenated).map(Self).ok_or(Invalid::NotFound)
    }

    /// The id in binary form.
    pub const fn uuid(&self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for GroupId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

shown_as_its_uuid!(GroupId);

/// The `uuid` of a person in answers: derived from the `sub`, so it needs no place of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(Uuid);

shown_as_its_uuid!(UserId);

/// Who a token speaks for: Cognito's `sub`, never reused and never changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Sub(String);

impl Sub {
    /// Reads a `sub`: 1 to 128 of ASCII letters, digits, `-`, `_`, `:`, `.` and `|`.
    ///
    /// # Errors
    /// [`Invalid::CallerUnknown`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:.|".contains(&byte);
        if text.is_empty() || text.len() > SUB_MAX || !text.bytes().all(fits) {
            return Err(Invalid::CallerUnknown);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text, as Cognito gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The `uuid` that answers give this person.
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
    use proptest::prelude::*;

    fn moments() -> impl Strategy<Value = Timestamp> {
        (0..=Timestamp::MAX.micros()).prop_map(Timestamp::from_micros)
    }

    proptest! {
        #[test]
        fn an_id_tells_its_moment(moment in moments()) {
            prop_assert_eq!(ActivityId::at(moment).timestamp(), moment);
            prop_assert_eq!(ActivityId::first_at(moment).timestamp(), moment);
        }

        #[test]
        fn ids_sort_as_their_moments_do(one in moments(), apart in 1_u64..3_000) {
            let other = Timestamp::from_micros(one.micros().saturating_sub(apart));
            prop_assume!(other < one);
            prop_assert!(ActivityId::at(other).to_string() < ActivityId::first_at(one).to_string());
            prop_assert!(ActivityId::first_at(one) <= ActivityId::at(one));
        }

        #[test]
        fn what_is_read_is_what_was_shown(moment in moments()) {
            let id = MessageId::at(moment);
            prop_assert_eq!(MessageId::parse(&id.to_string()), Ok(id));
            prop_assert_eq!(MessageId::parse(&id.to_string().to_uppercase()), Ok(id));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = ActivityId::parse(&text);
            let _ = GroupId::parse(&text);
            let _ = Sub::parse(&text);
        }
    }

    #[test]
    fn ids_that_we_never_made_are_unknown() {
        for text in [
            "",
            "1",
            "68f126b0-1ceb-4a33-88be-d90fa7109eee",
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-7fff-bfff-ffffffffffff",
            "0190a5d6a0007000800000000000abcd",
            "{0190a5d6-a000-7000-8000-00000000abcd}",
        ] {
            assert_eq!(ActivityId::parse(text), Err(Invalid::NotFound), "{text}");
        }
        assert!(ActivityId::parse("0190a5d6-a000-7000-8000-00000000abcd").is_ok());
    }

    #[test]
    fn both_derive_the_same_conversation() {
        let (one, other, third) = (Sub::parse("a").unwrap(), Sub::parse("b").unwrap(), Sub::parse("c").unwrap());
        assert_eq!(GroupId::between(&one, &other), GroupId::between(&other, &one));
        assert_ne!(GroupId::between(&one, &other), GroupId::between(&one, &third));
    }

    #[test]
    fn a_sub_is_short_plain_text() {
        assert!(Sub::parse("68f126b0-1ceb-4a33-88be-d90fa7109eee").is_ok());
        for text in ["", "a#b", "a b", "é", &"a".repeat(129)] {
            assert_eq!(Sub::parse(text), Err(Invalid::CallerUnknown), "{text}");
        }
    }
}
