//! Activities: posts, which expire, and replies, which do not.

use serde::{Deserialize, Serialize};

use crate::body::{Field, WrongType};
use crate::{ActivityId, DisplayName, Handle, Invalid, MessageText, Sub, Timestamp, Ttl, User};

/// A post or a reply, with every field that any version of the front end reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Activity {
    /// Its id, which sorts by time.
    pub uuid: ActivityId,
    /// The author's shown name when he wrote it.
    pub display_name: DisplayName,
    /// The author's handle.
    pub handle: Handle,
    /// The text.
    pub message: MessageText,
    /// When it was written.
    pub created_at: Timestamp,
    /// When a post vanishes; `null` for a reply.
    pub expires_at: Option<Timestamp>,
    /// Likes.
    pub likes_count: u64,
    /// Replies to it.
    pub replies_count: u64,
    /// Reposts.
    pub reposts_count: u64,
    /// What a reply answers; `null` for a post.
    pub reply_to_activity_uuid: Option<ActivityId>,
    /// Always empty: the activity's own page lists its replies, and the older front end needs the array to be there.
    pub replies: [(); 0],
}

impl Activity {
    /// Whether it may still be shown.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}

/// An activity with the replies to it, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActivityPage {
    /// The activity.
    pub activity: Activity,
    /// One page of the replies.
    pub replies: Vec<Activity>,
}

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
    /// The post that it makes, as of now.
    ///
    /// # Errors
    /// What is wrong with it; the text counts more than the time to live.
    pub fn publish(self, author: &Sub, now: Timestamp) -> Result<Post, Invalid> {
        let message = MessageText::post(self.message)?;
        let ttl = Ttl::parse(self.ttl.as_deref())?;
        let (id, expires_at) = (ActivityId::at(now), now.saturating_add(ttl.duration()));
        Ok(Post { id, author: author.clone(), message, expires_at })
    }
}

/// A post that is in order and not yet stored: its author's name is still to be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Its id, which tells when it was written.
    pub id: ActivityId,
    /// Who wrote it.
    pub author: Sub,
    /// The text.
    pub message: MessageText,
    /// When it vanishes.
    pub expires_at: Timestamp,
}

impl Post {
    /// The activity that everybody sees.
    pub fn to_activity(&self, author: &User) -> Activity {
        fresh(self.id, author, &self.message, Some(self.expires_at), None)
    }
}

/// The body of `POST /api/activities/{id}/reply`. The front end repeats `activity_uuid` in it; the path's counts.
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
    /// The reply that it makes, as of now, to the activity of that id.
    ///
    /// # Errors
    /// What is wrong with it; the text counts more than the id. An id of no possible activity is [`Invalid::NotFound`].
    pub fn reply(self, author: &Sub, parent: &str, now: Timestamp) -> Result<Reply, Invalid> {
        let message = MessageText::long(self.message)?;
        let parent = if parent.is_empty() { Err(Invalid::ActivityBlank) } else { ActivityId::parse(parent) }?;
        Ok(Reply { id: ActivityId::at(now), author: author.clone(), parent, message })
    }
}

/// A reply that is in order and not yet stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its id, which tells when it was written.
    pub id: ActivityId,
    /// Who wrote it.
    pub author: Sub,
    /// What it answers.
    pub parent: ActivityId,
    /// The text.
    pub message: MessageText,
}

impl Reply {
    /// The activity that everybody sees.
    pub fn to_activity(&self, author: &User) -> Activity {
        fresh(self.id, author, &self.message, None, Some(self.parent))
    }
}

fn fresh(
    uuid: ActivityId,
    author: &User,
    message: &MessageText,
    expires_at: Option<Timestamp>,
    parent: Option<ActivityId>,
) -> Activity {
    Activity {
        uuid,
        display_name: author.display_name.clone(),
        handle: author.handle.clone(),
        message: message.clone(),
        created_at: uuid.timestamp(),
        expires_at,
        likes_count: 0,
        replies_count: 0,
        reposts_count: 0,
        reply_to_activity_uuid: parent,
        replies: [],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: Timestamp = Timestamp::from_micros(1_709_210_096_000_007);
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

    fn publish(body: &str) -> Result<Post, Invalid> {
        serde_json::from_str::<Draft>(body).unwrap().publish(&author().sub, NOW)
    }

    fn reply(body: &str, parent: &str) -> Result<Reply, Invalid> {
        serde_json::from_str::<ReplyDraft>(body).unwrap().reply(&author().sub, parent, NOW)
    }

    #[test]
    fn a_post_shows_every_field() {
        let post = publish(r#"{"message":"Cloud is fun!","ttl":"7-days"}"#).unwrap();
        let shown = serde_json::to_value(post.to_activity(&author())).unwrap();
        let expected = json!({
            "uuid": post.id.to_string(), "display_name": "Worf, son of Mogh", "handle": "Worf",
            "message": "Cloud is fun!", "created_at": "2024-02-29T12:34:56.000007Z",
            "expires_at": "2024-03-07T12:34:56.000007Z", "likes_count": 0, "replies_count": 0, "reposts_count": 0,
            "reply_to_activity_uuid": null, "replies": [],
        });
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_reply_never_expires_and_names_its_parent() {
        let shown =
            serde_json::to_value(reply(r#"{"message":"No honor!"}"#, PARENT).unwrap().to_activity(&author())).unwrap();
        assert_eq!((&shown["expires_at"], &shown["reply_to_activity_uuid"]), (&Value::Null, &json!(PARENT)));
    }

    #[test]
    fn the_strongest_fault_of_a_post_is_told() {
        let long = "x".repeat(281);
        assert_eq!(publish("{}"), Err(Invalid::MessageBlank));
        assert_eq!(publish(r#"{"message":null,"ttl":"never"}"#), Err(Invalid::MessageBlank));
        assert_eq!(publish(&format!(r#"{{"message":"{long}","ttl":""}}"#)), Err(Invalid::MessageTooLong));
        assert_eq!(publish(r#"{"message":"hi","ttl":"never"}"#), Err(Invalid::TtlBlank));
    }

    #[test]
    fn the_strongest_fault_of_a_reply_is_told() {
        let long = "x".repeat(1_025);
        assert_eq!(reply("{}", ""), Err(Invalid::MessageBlank));
        assert_eq!(reply(&format!(r#"{{"message":"{long}"}}"#), ""), Err(Invalid::LongMessageTooLong));
        assert_eq!(reply(r#"{"message":"hi"}"#, ""), Err(Invalid::ActivityBlank));
        assert_eq!(reply(r#"{"message":"hi"}"#, "1"), Err(Invalid::NotFound));
    }

    #[test]
    fn a_wrong_type_is_named_and_other_keys_are_ignored() {
        for (body, field) in [(r#"{"message":1}"#, "message"), (r#"{"message":"m","ttl":{"a":[1]}}"#, "ttl")] {
            let error = serde_json::from_str::<Draft>(body).unwrap_err().to_string();
            assert!(error.contains(&format!("field `{field}` must be a string")), "{error}");
        }
        assert!(serde_json::from_str::<Draft>(r#"{"message":"m","ttl":"1-day","more":[1,{"a":2}]}"#).is_ok());
        assert!(serde_json::from_str::<Draft>(r#"{"message":"m","message":"n"}"#).is_err());
        assert!(serde_json::from_str::<Draft>("7").is_err());
    }

    #[test]
    fn a_post_is_shown_until_its_end() {
        let activity = publish(r#"{"message":"m","ttl":"1-hour"}"#).unwrap().to_activity(&author());
        let end = activity.expires_at.unwrap();
        assert!(activity.is_live(Timestamp::from_micros(end.micros() - 1)));
        assert!(!activity.is_live(end));
    }
}
