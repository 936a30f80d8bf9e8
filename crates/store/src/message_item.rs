//! Messages and conversations as items.

use crudder_domain::{
    DisplayName, GroupId, Handle, Message, MessageGroup, MessageId, MessageText, OutgoingMessage, Sub, User,
};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::item::Item;
use crate::keys::{self, INBOX_PK, INBOX_SK, SK};
use crate::update::Update;

/// One of the two in a conversation, as the other's item names him.
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
    /// Reads whom a handle's item names.
    pub(crate) fn claimed(item: &Item) -> Result<Self> {
        Ok(Self {
            sub: item.read_sub("sub")?,
            handle: item.read_handle("handle")?,
            display_name: item.read_display_name("display_name")?,
        })
    }

    /// Reads the other one from a member's item.
    pub(crate) fn other(member: &Item) -> Result<Self> {
        Ok(Self {
            sub: member.read_sub("other_sub")?,
            handle: member.read_handle("other_handle")?,
            display_name: member.read_display_name("other_display_name")?,
        })
    }
}

/// A message.
pub(crate) fn message(group: GroupId, letter: &OutgoingMessage, sender: &User) -> Item {
    Item::at(keys::message(group, letter.id))
        .text("handle", sender.handle.as_str())
        .text("display_name", sender.display_name.as_str())
        .text("message", letter.message.as_str())
}

/// Reads a message.
pub(crate) fn read_message(item: &Item) -> Result<Message> {
    let place = item.read(SK)?.strip_prefix("MSG#").ok_or(Error::Malformed(SK))?;
    let uuid = MessageId::parse(place).map_err(|_| Error::Malformed(SK))?;
    Ok(Message {
        uuid,
        display_name: item.read_display_name("display_name")?,
        handle: item.read_handle("handle")?,
        message: item.read_message()?,
        created_at: uuid.timestamp(),
    })
}

/// Makes this the last message of a conversation, as `whose` sees it; not when a newer one is there.
pub(crate) fn last(group: GroupId, whose: &Sub, other: &Person, letter: &OutgoingMessage) -> Update {
    Update::of(keys::member(group, whose))
        .text("sub", whose.as_str())
        .text("other_sub", other.sub.as_str())
        .text("other_handle", other.handle.as_str())
        .text("other_display_name", other.display_name.as_str())
        .text("message", letter.message.as_str())
        .text("message_uuid", letter.id.to_string())
        .text(INBOX_PK, keys::inbox(whose))
        .text(INBOX_SK, keys::inbox_place(letter.id.timestamp(), group))
        .when_before("message_uuid", letter.id.to_string())
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
