//! Ids that sort by the time they were made: of activities and of messages.

use uuid::{Builder, Uuid};

use super::format::impl_uuid_text;
use crate::invalid::Invalid;
use crate::timestamp::Timestamp;

/// Defines an id type whose text sorts by time.
///
/// The layout is RFC 9562's version 7 with its method 3: 48 bits of milliseconds, then 12 bits that
/// are the fraction of the millisecond. One microsecond adds four or more to that fraction, so the
/// timestamp can be read back exactly.
macro_rules! time_ordered_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Returns a new id for this timestamp. Its 62 random bits keep ids of the same
            /// microsecond apart.
            pub fn at(timestamp: Timestamp) -> Self {
                Self(encode(timestamp, Uuid::new_v4().as_bytes()))
            }

            /// Returns the smallest id of this timestamp. All ids of earlier timestamps are
            /// smaller.
            pub fn first_at(timestamp: Timestamp) -> Self {
                Self(encode(timestamp, &[0; 16]))
            }

            /// Reads an id, in upper or lower case.
            ///
            /// # Errors
            /// [`Invalid::NotFound`] for a text that is not an id of this type.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                // Only the hyphenated form is accepted, so that every resource has exactly one
                // address.
                let hyphenated = text.len() == uuid::fmt::Hyphenated::LENGTH;
                let id = Uuid::try_parse(text).ok().filter(|_| hyphenated).ok_or(Invalid::NotFound)?;
                Self::from_uuid(id).ok_or(Invalid::NotFound)
            }

            /// Reads an id in binary form; `None` for a uuid that is not an id of this type.
            pub fn from_uuid(id: Uuid) -> Option<Self> {
                (encode(decode(&id)?, id.as_bytes()) == id).then_some(Self(id))
            }

            /// Returns the timestamp that the id was made for.
            pub fn timestamp(&self) -> Timestamp {
                decode(&self.0).expect("an id is only made from a timestamp")
            }

            /// Returns the id in binary form.
            pub const fn uuid(&self) -> Uuid {
                self.0
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl_uuid_text!($name);
    };
}

time_ordered_id! {
    /// The id of a post or a reply.
    ActivityId
}

time_ordered_id! {
    /// The id of a direct message.
    MessageId
}

/// Returns the bits of an id: the timestamp, and the last 62 bits of `rest`.
fn encode(timestamp: Timestamp, rest: &[u8; 16]) -> Uuid {
    let (millis, micros) = (timestamp.micros() / 1_000, timestamp.micros() % 1_000);
    let fraction = (micros * 4_096).div_ceil(1_000);
    let mut bytes = *rest;
    bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    bytes[6..8].copy_from_slice(&u16::try_from(fraction).expect("below 4096").to_be_bytes());
    Builder::from_bytes(bytes).with_version(uuid::Version::SortRand).with_variant(uuid::Variant::RFC4122).into_uuid()
}

/// Returns the timestamp in an id's first bits, unless it is after [`Timestamp::MAX`].
fn decode(id: &Uuid) -> Option<Timestamp> {
    let bytes = id.as_bytes();
    let millis = bytes[..6].iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let fraction = u64::from(bytes[6] & 0x0f) << 8 | u64::from(bytes[7]);
    let micros = millis * 1_000 + fraction * 1_000 / 4_096;
    (micros <= Timestamp::MAX.micros()).then(|| Timestamp::from_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn timestamps() -> impl Strategy<Value = Timestamp> {
        (0..=Timestamp::MAX.micros()).prop_map(Timestamp::from_micros)
    }

    proptest! {
        #[test]
        fn an_id_contains_its_timestamp(timestamp in timestamps()) {
            prop_assert_eq!(ActivityId::at(timestamp).timestamp(), timestamp);
            prop_assert_eq!(ActivityId::first_at(timestamp).timestamp(), timestamp);
        }

        #[test]
        fn ids_sort_by_timestamp(one in timestamps(), apart in 1_u64..3_000) {
            let other = Timestamp::from_micros(one.micros().saturating_sub(apart));
            prop_assume!(other < one);
            prop_assert!(ActivityId::at(other).to_string() < ActivityId::first_at(one).to_string());
            prop_assert!(ActivityId::first_at(one) <= ActivityId::at(one));
        }

        #[test]
        fn an_id_is_parsed_from_its_own_text(timestamp in timestamps()) {
            let id = MessageId::at(timestamp);
            prop_assert_eq!(MessageId::parse(&id.to_string()), Ok(id));
            prop_assert_eq!(MessageId::parse(&id.to_string().to_uppercase()), Ok(id));
        }
    }

    #[test]
    fn a_uuid_of_another_kind_is_refused() {
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
}
