//! Ids of activities, messages, conversations and users.

mod format;
mod group;
mod subject;
mod time_ordered;

pub use group::GroupId;
pub use subject::{Sub, UserId};
pub use time_ordered::{ActivityId, MessageId};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parsing_any_text_never_panics(text in ".*") {
            let _ = ActivityId::parse(&text);
            let _ = GroupId::parse(&text);
            let _ = Sub::parse(&text);
        }
    }
}
