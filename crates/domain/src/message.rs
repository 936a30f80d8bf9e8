//! Direct messages and conversations, as the API returns them.

use serde::Serialize;

use crate::handle::Handle;
use crate::id::{GroupId, MessageId};
use crate::text::{DisplayName, MessageText};
use crate::timestamp::Timestamp;

/// A message, as both members of the conversation see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// The id, which sorts by time.
    pub uuid: MessageId,
    /// The sender's display name at the time of writing.
    pub display_name: DisplayName,
    /// The sender's handle.
    pub handle: Handle,
    /// The text.
    pub message: MessageText,
    /// When it was written.
    pub created_at: Timestamp,
}

/// A conversation, as one of its two members sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MessageGroup {
    /// The id.
    pub uuid: GroupId,
    /// The other member's display name.
    pub display_name: DisplayName,
    /// The other member's handle.
    pub handle: Handle,
    /// The last message.
    pub message: MessageText,
    /// When the last message was written.
    pub created_at: Timestamp,
}

/// The response to a message that opens a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct NewConversation {
    /// The id of the conversation.
    pub message_group_uuid: GroupId,
}

/// The response to a sent message.
///
/// A message added to a conversation has no `message_group_uuid`: with one, the front end would
/// load the conversation instead of showing the new message in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum SentMessage {
    /// The message was addressed to a person. It opened a conversation, or joined the one that
    /// existed.
    Opened(NewConversation),
    /// The message was added to the conversation that it named.
    Added(Message),
}
