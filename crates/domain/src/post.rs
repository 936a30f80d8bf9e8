//! Posts: the body of a request, and the valid post made of it.

use serde::Deserialize;

use crate::activity::Activity;
use crate::body::{Field, WrongType};
use crate::id::{ActivityId, Sub};
use crate::invalid::Invalid;
use crate::text::MessageText;
use crate::timestamp::Timestamp;
use crate::ttl::Ttl;
use crate::user::User;

/// The body of `POST /api/activities`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "DraftBody")]
pub struct Draft {
    message: Option<String>,
    ttl: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, expecting = "an object")]
struct DraftBody {
    message: Field,
    ttl: Field,
}

impl TryFrom<DraftBody> for Draft {
    type Error = WrongType;

    fn try_from(body: DraftBody) -> Result<Self, WrongType> {
        Ok(Self { message: body.message.text("message")?, ttl: body.ttl.text("ttl")? })
    }
}

impl Draft {
    /// Returns the post, written now.
    ///
    /// # Errors
    /// The rule that the draft breaks. The text takes precedence over the time to live.
    pub fn publish(self, author: &Sub, now: Timestamp) -> Result<Post, Invalid> {
        let message = MessageText::post(self.message)?;
        let ttl = Ttl::parse(self.ttl.as_deref())?;
        let (id, expires_at) = (ActivityId::at(now), now.saturating_add(ttl.duration()));
        Ok(Post { id, author: author.clone(), message, expires_at })
    }
}

/// A valid post that is not stored yet. The author's name is still unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// The id, which contains the time of writing.
    pub id: ActivityId,
    /// The author.
    pub author: Sub,
    /// The text.
    pub message: MessageText,
    /// When the post expires.
    pub expires_at: Timestamp,
}

impl Post {
    /// Returns the activity that everyone sees.
    pub fn to_activity(&self, author: &User) -> Activity {
        Activity::new(self.id, author, &self.message, Some(self.expires_at), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handle::Handle;
    use crate::text::DisplayName;
    use serde_json::json;

    const NOW: Timestamp = Timestamp::from_micros(1_709_210_096_000_007);

    fn author() -> User {
        User {
            sub: Sub::parse("sub-of-worf").unwrap(),
            handle: Handle::parse("Worf").unwrap(),
            display_name: DisplayName::from_stored("Worf, son of Mogh".to_owned()),
            bio: None,
            cruds_count: 0,
        }
    }

    fn publish(body: &str) -> Result<Post, Invalid> {
        serde_json::from_str::<Draft>(body).unwrap().publish(&author().sub, NOW)
    }

    #[test]
    fn a_post_is_serialized_with_every_field() {
        let post = publish(r#"{"message":"Cloud is fun!","ttl":"7-days"}"#).unwrap();
        let json = serde_json::to_value(post.to_activity(&author())).unwrap();
        let expected = json!({
            "uuid": post.id.to_string(), "display_name": "Worf, son of Mogh", "handle": "Worf",
            "message": "Cloud is fun!", "created_at": "2024-02-29T12:34:56.000007Z",
            "expires_at": "2024-03-07T12:34:56.000007Z", "likes_count": 0, "replies_count": 0, "reposts_count": 0,
            "reply_to_activity_uuid": null, "replies": [],
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn the_text_of_a_post_takes_precedence_over_its_ttl() {
        let long = "x".repeat(281);
        assert_eq!(publish("{}"), Err(Invalid::MessageBlank));
        assert_eq!(publish(r#"{"message":null,"ttl":"never"}"#), Err(Invalid::MessageBlank));
        assert_eq!(publish(&format!(r#"{{"message":"{long}","ttl":""}}"#)), Err(Invalid::MessageTooLong));
        assert_eq!(publish(r#"{"message":"hi","ttl":"never"}"#), Err(Invalid::TtlBlank));
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named_and_unknown_keys_are_ignored() {
        for (body, field) in [(r#"{"message":1}"#, "message"), (r#"{"message":"m","ttl":{"a":[1]}}"#, "ttl")] {
            let error = serde_json::from_str::<Draft>(body).unwrap_err().to_string();
            assert!(error.contains(&format!("field `{field}` must be a string")), "{error}");
        }
        assert!(serde_json::from_str::<Draft>(r#"{"message":"m","ttl":"1-day","more":[1,{"a":2}]}"#).is_ok());
        assert!(serde_json::from_str::<Draft>(r#"{"message":"m","message":"n"}"#).is_err());
        assert!(serde_json::from_str::<Draft>("7").is_err());
    }

    #[test]
    fn a_post_is_live_until_it_expires() {
        let activity = publish(r#"{"message":"m","ttl":"1-hour"}"#).unwrap().to_activity(&author());
        let end = activity.expires_at.unwrap();
        assert!(activity.is_live(Timestamp::from_micros(end.micros() - 1)));
        assert!(!activity.is_live(end));
    }
}
