//! The text form of all ids, and the namespace of the derived ones.

use uuid::Uuid;

/// The namespace of Crudder's derived ids. It was made once at random and must never change, since
/// stored ids depend on it.
pub(super) const NAMESPACE: Uuid = Uuid::from_u128(0x7b1c_9a52_64f3_4e0d_9d7a_52e6_01c8_b3f4);

/// Implements `Display` and `Serialize` for an id: lower case with hyphens, in responses and in
/// keys.
macro_rules! impl_uuid_text {
    ($name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.hyphenated().fmt(out)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}
pub(super) use impl_uuid_text;
