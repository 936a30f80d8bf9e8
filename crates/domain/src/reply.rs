//! Replies: the body of a request, and the valid reply made of it.

use serde::Deserialize;

use crate::activity::Activity;
use crate::body::{Field, WrongType};
use crate::id::{ActivityId, Sub};
use crate::invalid::Invalid;
use crate::text::MessageText;
use crate::timestamp::Timestamp;
use crate::user::User;

/// The body of `POST /api/activities/{id}/reply`. The front end repeats the id as `activity_uuid`;
/// only the path counts.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ReplyBody")]
pub struct ReplyDraft {
    message: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, expecting = "an object")]
struct ReplyBody {
    message: Field,
}

impl TryFrom<ReplyBody> for ReplyDraft {
    type Error = WrongType;

    fn try_from(body: ReplyBody) -> Result<Self, WrongType> {
        Ok(Self { message: body.message.text("message")? })
    }
}

impl ReplyDraft {
    /// Returns the reply to the activity `parent`, written now.
    ///
    /// # Errors
    /// The rule that the draft breaks. The text takes precedence over the id. An id that no
    /// activity can have is [`Invalid::NotFound`].
    pub fn reply(self, author: &Sub, parent: &str, now: Timestamp) -> Result<Reply, Invalid> {
        let message = MessageText::long(self.message)?;
        let parent = if parent.is_empty() { Err(Invalid::ActivityBlank) } else { ActivityId::parse(parent) }?;
        Ok(Reply { id: ActivityId::at(now), author: author.clone(), parent, message })
    }
}

/// A valid reply that is not stored yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The id, which contains the time of writing.
    pub id: ActivityId,
    /// The author.
    pub author: Sub,
    /// The activity that is replied to.
    pub parent: ActivityId,
    /// The text.
    pub message: MessageText,
}

impl Reply {
    /// Returns the activity that everyone sees.
    pub fn to_activity(&self, author: &User) -> Activity {
        Activity::new(self.id, author, &self.message, None, Some(self.parent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handle::Handle;
    use crate::text::DisplayName;
    use serde_json::{Value, json};

    const PARENT: &str = "0190a5d6-a000-7000-8000-00000000abcd";

    fn author() -> User {
        User {
            sub: Sub::parse("sub-of-worf").unwrap(),
            handle: Handle::parse("Worf").unwrap(),
            display_name: DisplayName::from_stored("Worf, son of Mogh".to_owned()),
            bio: None,
            cruds_count: 0,
        }
    }

    fn reply(body: &str, parent: &str) -> Result<Reply, Invalid> {
        let now = Timestamp::from_micros(1_709_210_096_000_007);
        serde_json::from_str::<ReplyDraft>(body).unwrap().reply(&author().sub, parent, now)
    }

    #[test]
    fn a_reply_never_expires_and_names_its_parent() {
        let activity = reply(r#"{"message":"No honor!"}"#, PARENT).unwrap().to_activity(&author());
        let json = serde_json::to_value(activity).unwrap();
        assert_eq!((&json["expires_at"], &json["reply_to_activity_uuid"]), (&Value::Null, &json!(PARENT)));
    }

    #[test]
    fn the_text_of_a_reply_takes_precedence_over_the_id_of_its_parent() {
        let long = "x".repeat(1_025);
        assert_eq!(reply("{}", ""), Err(Invalid::MessageBlank));
        assert_eq!(reply(&format!(r#"{{"message":"{long}"}}"#), ""), Err(Invalid::LongMessageTooLong));
        assert_eq!(reply(r#"{"message":"hi"}"#, ""), Err(Invalid::ActivityBlank));
        assert_eq!(reply(r#"{"message":"hi"}"#, "1"), Err(Invalid::NotFound));
    }
}
