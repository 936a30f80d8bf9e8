//! Activities: posts, which expire, and replies, which do not.

use serde::Serialize;

use crate::handle::Handle;
use crate::id::ActivityId;
use crate::text::{DisplayName, MessageText};
use crate::timestamp::Timestamp;
use crate::user::User;

/// A post or a reply, with every field that any version of the front end reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Activity {
    /// The id, which sorts by time.
    pub uuid: ActivityId,
    /// The author's display name at the time of writing.
    pub display_name: DisplayName,
    /// The author's handle.
    pub handle: Handle,
    /// The text.
    pub message: MessageText,
    /// When it was written.
    pub created_at: Timestamp,
    /// When a post expires; `null` for a reply.
    pub expires_at: Option<Timestamp>,
    /// The number of likes.
    pub likes_count: u64,
    /// The number of replies.
    pub replies_count: u64,
    /// The number of reposts.
    pub reposts_count: u64,
    /// The parent of a reply; `null` for a post.
    pub reply_to_activity_uuid: Option<ActivityId>,
    /// Always empty. The activity's own page lists its replies, but the older front end needs the
    /// array.
    pub replies: [(); 0],
}

impl Activity {
    /// Returns a new activity of `author`, without likes, replies or reposts.
    pub(crate) fn new(
        uuid: ActivityId,
        author: &User,
        message: &MessageText,
        expires_at: Option<Timestamp>,
        parent: Option<ActivityId>,
    ) -> Self {
        Self {
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

    /// Returns whether the activity has not expired.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}

/// An activity and one page of its replies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActivityPage {
    /// The activity.
    pub activity: Activity,
    /// The replies, newest first.
    pub replies: Vec<Activity>,
}
