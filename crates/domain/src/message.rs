//! Direct messages and the conversations that they make.

use serde::{Deserialize, Serialize};

use crate::body::{Field, WrongType};
use crate::{DisplayName, GroupId, Handle, Invalid, MessageId, MessageText, Sub, Timestamp, User};

/// A message, as both see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Its id, which sorts by time.
    pub uuid: MessageId,
    /// The sender's shown name when he wrote it.
    pub display_name: DisplayName,
    /// The sender's handle.
    pub handle: Handle,
    /// The text.
    pub message: MessageText,
    /// When it was written.
    pub created_at: Timestamp,
}

/// A conversation, as one of the two sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MessageGroup {
    /// Its id.
    pub uuid: GroupId,
    /// The other's shown name.
    pub display_name: DisplayName,
    /// The other's handle.
    pub handle: Handle,
    /// The last message.
    pub message: MessageText,
    /// When that was written.
    pub created_at: Timestamp,
}

/// The answer to the message that opens a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct NewConversation {
    /// Where the conversation is.
    pub message_group_uuid: GroupId,
}

/// What the sender of a message is answered. A message that joins a conversation says nothing of the conversation's id: the
/// page would leave for it instead of showing the message in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum SentMessage {
    /// It opened a conversation, or went into the one that there was with the person named.
    Opened(NewConversation),
    /// It joined the conversation named.
    Added(Message),
}

/// The body of `POST /api/messages`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "MessageBody")]
pub struct MessageDraft {
    message: Option<String>,
    message_group_uuid: Option<String>,
    handle: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, expecting = "an object")]
struct MessageBody {
    message: Field,
    message_group_uuid: Field,
    handle: Field,
}

impl TryFrom<MessageBody> for MessageDraft {
    type Error = WrongType;

    fn try_from(body: MessageBody) -> Result<Self, WrongType> {
        Ok(Self {
            message: body.message.text("message")?,
            message_group_uuid: body.message_group_uuid.text("message_group_uuid")?,
            handle: body.handle.text("handle")?,
        })
    }
}

impl MessageDraft {
    /// The message that it makes, as of now. A `message_group_uuid` that is there makes it one more of a conversation;
    /// without it, `handle` names whom to open one with.
    ///
    /// # Errors
    /// What is wrong with it; the text counts more than the address.
    pub fn send(self, sender: &Sub, now: Timestamp) -> Result<OutgoingMessage, Invalid> {
        let message = MessageText::long(self.message)?;
        let to = match self.message_group_uuid {
            Some(group) if group.is_empty() => return Err(Invalid::GroupBlank),
            Some(group) => Recipient::Group(GroupId::parse(&group)?),
            None => Recipient::Person(receiver(self.handle)?),
        };
        Ok(OutgoingMessage { id: MessageId::at(now), sender: sender.clone(), to, message })
    }
}

/// A handle that nobody can bear is one that nobody bears: the contract has one code for both.
fn receiver(handle: Option<String>) -> Result<Handle, Invalid> {
    let handle = handle.ok_or(Invalid::ReceiverBlank)?;
    Handle::parse(handle.strip_prefix('@').unwrap_or(&handle)).map_err(|_| Invalid::ReceiverBlank)
}

/// A message that is in order and not yet stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingMessage {
    /// Its id, which tells when it was written.
    pub id: MessageId,
    /// Who wrote it.
    pub sender: Sub,
    /// Whom it goes to.
    pub to: Recipient,
    /// The text.
    pub message: MessageText,
}

impl OutgoingMessage {
    /// The message that both see.
    pub fn to_message(&self, sender: &User) -> Message {
        Message {
            uuid: self.id,
            display_name: sender.display_name.clone(),
            handle: sender.handle.clone(),
            message: self.message.clone(),
            created_at: self.id.timestamp(),
        }
    }
}

/// Whom a message goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// A conversation that there is.
    Group(GroupId),
    /// Somebody; the conversation with him is opened, or found again.
    Person(Handle),
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399";

    fn send(body: &str) -> Result<OutgoingMessage, Invalid> {
        let sender = Sub::parse("worf").unwrap();
        serde_json::from_str::<MessageDraft>(body).unwrap().send(&sender, Timestamp::from_micros(7))
    }

    #[test]
    fn a_conversation_is_named_by_its_id_or_by_a_person() {
        let to = |body: &str| send(body).unwrap().to;
        let group = Recipient::Group(GroupId::parse(GROUP).unwrap());
        assert_eq!(to(&format!(r#"{{"message":"m","message_group_uuid":"{GROUP}"}}"#)), group);
        assert_eq!(to(&format!(r#"{{"message":"m","message_group_uuid":"{GROUP}","handle":"bayko"}}"#)), group);
        let bayko = Recipient::Person(Handle::parse("bayko").unwrap());
        assert_eq!(to(r#"{"message":"m","message_group_uuid":null,"handle":"bayko"}"#), bayko);
        assert_eq!(to(r#"{"message":"m","handle":"@Bayko"}"#), bayko);
    }

    #[test]
    fn the_strongest_fault_is_told() {
        let long = "x".repeat(1_025);
        assert_eq!(send("{}"), Err(Invalid::MessageBlank));
        assert_eq!(send(r#"{"message_group_uuid":""}"#), Err(Invalid::MessageBlank));
        assert_eq!(send(&format!(r#"{{"message":"{long}"}}"#)), Err(Invalid::LongMessageTooLong));
        assert_eq!(send(r#"{"message":"m","message_group_uuid":""}"#), Err(Invalid::GroupBlank));
        assert_eq!(send(r#"{"message":"m","message_group_uuid":"x"}"#), Err(Invalid::NotFound));
        for handle in ["null", r#""""#, r#""a b""#, r#""@""#] {
            assert_eq!(
                send(&format!(r#"{{"message":"m","handle":{handle}}}"#)),
                Err(Invalid::ReceiverBlank),
                "{handle}"
            );
        }
    }

    #[test]
    fn a_wrong_type_is_named() {
        let error = serde_json::from_str::<MessageDraft>(r#"{"message":"m","handle":7}"#).unwrap_err().to_string();
        assert!(error.contains("field `handle` must be a string"), "{error}");
    }
}
