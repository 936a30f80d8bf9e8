//! Outgoing messages: the body of a request, and the valid message made of it.

use serde::Deserialize;

use crate::body::{Field, WrongType};
use crate::handle::Handle;
use crate::id::{GroupId, MessageId, Sub};
use crate::invalid::Invalid;
use crate::message::Message;
use crate::text::MessageText;
use crate::timestamp::Timestamp;
use crate::user::User;

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
    /// Returns the message, written now. With `message_group_uuid` it goes into that conversation;
    /// without, it goes to the person named by `handle`.
    ///
    /// # Errors
    /// The rule that the draft breaks. The text takes precedence over the recipient.
    pub fn send(self, sender: &Sub, now: Timestamp) -> Result<OutgoingMessage, Invalid> {
        let message = MessageText::long(self.message)?;
        let to = match self.message_group_uuid {
            Some(group) if group.is_empty() => return Err(Invalid::GroupBlank),
            Some(group) => Recipient::Group(GroupId::parse(&group)?),
            None => Recipient::Person(parse_receiver(self.handle)?),
        };
        Ok(OutgoingMessage { id: MessageId::at(now), sender: sender.clone(), to, message })
    }
}

/// Reads the receiver's handle. The contract has one code for a malformed handle and for an unknown
/// one.
fn parse_receiver(handle: Option<String>) -> Result<Handle, Invalid> {
    let handle = handle.ok_or(Invalid::ReceiverBlank)?;
    Handle::parse(handle.strip_prefix('@').unwrap_or(&handle)).map_err(|_| Invalid::ReceiverBlank)
}

/// A valid message that is not stored yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingMessage {
    /// The id, which contains the time of writing.
    pub id: MessageId,
    /// The sender.
    pub sender: Sub,
    /// The conversation or the person that the message goes to.
    pub to: Recipient,
    /// The text.
    pub message: MessageText,
}

impl OutgoingMessage {
    /// Returns the message that both members of the conversation see.
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

/// The recipient of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// An existing conversation.
    Group(GroupId),
    /// A person. The conversation with them is opened unless it exists.
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
    fn the_recipient_is_a_conversation_or_a_person() {
        let to = |body: &str| send(body).unwrap().to;
        let group = Recipient::Group(GroupId::parse(GROUP).unwrap());
        assert_eq!(to(&format!(r#"{{"message":"m","message_group_uuid":"{GROUP}"}}"#)), group);
        assert_eq!(to(&format!(r#"{{"message":"m","message_group_uuid":"{GROUP}","handle":"bayko"}}"#)), group);
        let bayko = Recipient::Person(Handle::parse("bayko").unwrap());
        assert_eq!(to(r#"{"message":"m","message_group_uuid":null,"handle":"bayko"}"#), bayko);
        assert_eq!(to(r#"{"message":"m","handle":"@Bayko"}"#), bayko);
    }

    #[test]
    fn the_text_of_a_message_takes_precedence_over_its_recipient() {
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
    fn a_field_of_the_wrong_type_is_named() {
        let error = serde_json::from_str::<MessageDraft>(r#"{"message":"m","handle":7}"#).unwrap_err().to_string();
        assert!(error.contains("field `handle` must be a string"), "{error}");
    }
}
