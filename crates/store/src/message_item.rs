//! Messages and conversations as items.

use crudder_domain::{
    DisplayName, GroupId, Handle, Message, MessageGroup, MessageId, MessageText, OutgoingMessage, Sub, User,
};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::item::Item;
use crate::keys::{self, INBOX_PK, INBOX_SK, SK};
use crate::update::Update;

/// A member of a conversation, as the other member's item describes them.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) sub: Sub,
    pub(crate) handle: Handle,
    pub(crate) display_name: DisplayName,
}

impl From<&User> for Person {
    fn from(user: &User) -> Self {
        Self { sub: user.sub.clone(), handle: user.handle.clone(), display_name: user.display_name.clone() }
    }
}

impl Person {
    /// Reads the owner of a handle from the handle's item.
    pub(crate) fn owner(handle: &Item) -> Result<Self> {
        Ok(Self {
            sub: handle.read_sub("sub")?,
            handle: handle.read_handle("handle")?,
            display_name: handle.read_display_name("display_name")?,
        })
    }

    /// Reads the other member of the conversation from a member's item.
    pub(crate) fn other(member: &Item) -> Result<Self> {
        Ok(Self {
            sub: member.read_sub("other_sub")?,
            handle: member.read_handle("other_handle")?,
            display_name: member.read_display_name("other_display_name")?,
        })
    }
}

/// Returns the item of a message.
pub(crate) fn message(group: GroupId, message: &OutgoingMessage, sender: &User) -> Item {
    Item::at(keys::message(group, message.id))
        .text("handle", sender.handle.as_str())
        .text("display_name", sender.display_name.as_str())
        .text("message", message.message.as_str())
}

/// Reads a message.
pub(crate) fn read_message(item: &Item) -> Result<Message> {
    let id = item.read(SK)?.strip_prefix("MSG#").ok_or(Error::Malformed(SK))?;
    let uuid = MessageId::parse(id).map_err(|_| Error::Malformed(SK))?;
    Ok(Message {
        uuid,
        display_name: item.read_display_name("display_name")?,
        handle: item.read_handle("handle")?,
        message: item.read_message()?,
        created_at: uuid.timestamp(),
    })
}

/// Returns the update that makes `message` the last one of the conversation in the item of
/// `member`. Its condition fails if the item has a newer one.
pub(crate) fn last(group: GroupId, member: &Sub, other: &Person, message: &OutgoingMessage) -> Update {
    Update::of(keys::member(group, member))
        .text("sub", member.as_str())
        .text("other_sub", other.sub.as_str())
        .text("other_handle", other.handle.as_str())
        .text("other_display_name", other.display_name.as_str())
        .text("message", message.message.as_str())
        .text("message_uuid", message.id.to_string())
        .text(INBOX_PK, keys::inbox(member))
        .text(INBOX_SK, keys::inbox_sk(message.id.timestamp(), group))
        .if_before("message_uuid", message.id.to_string())
}

/// Reads a conversation from a member's item.
pub(crate) fn read_group(item: &Item) -> Result<MessageGroup> {
    let last = MessageId::parse(item.read("message_uuid")?).map_err(|_| Error::Malformed("message_uuid"))?;
    let (_, group) = item.read(INBOX_SK)?.split_once('#').ok_or(Error::Malformed(INBOX_SK))?;
    let group = Uuid::try_parse(group).map_err(|_| Error::Malformed(INBOX_SK))?;
    let other = Person::other(item)?;
    Ok(MessageGroup {
        uuid: GroupId::from(group),
        display_name: other.display_name,
        handle: other.handle,
        message: MessageText::from_stored(item.read("message")?.to_owned()),
        created_at: last.timestamp(),
    })
}
