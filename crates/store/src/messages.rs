//! Conversations: opened, continued, listed, read.

use crudder_domain::{
    Cursor, GroupId, Handle, Invalid, Message, MessageGroup, NewConversation, OutgoingMessage, Page, PageRequest,
    Recipient, SentMessage, Sub, User,
};

use crate::error::{Error, Result};
use crate::item::Item;
use crate::message_item::{self, Person};
use crate::transaction::{Outcome, Transaction};
use crate::{Store, keys, notifications};

/// How many items of members a conversation has.
const MEMBERS: usize = 2;

impl Store {
    /// Writes a message into the conversation that it names, or into the one with the person whom it names. One wave, one
    /// transaction; two when another message overtook it.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for the conversation of others, and for one that is not there; [`Invalid::ReceiverBlank`]
    /// for a receiver who is nobody or the sender himself; [`Invalid::CallerUnknown`].
    pub async fn put_message(&self, letter: &OutgoingMessage) -> Result<SentMessage> {
        match &letter.to {
            Recipient::Group(group) => {
                let (sender, other) =
                    futures::try_join!(self.author(&letter.sender), self.other(*group, &letter.sender))?;
                self.deliver(*group, letter, &sender, &other).await?;
                Ok(SentMessage::Added(letter.to_message(&sender)))
            }
            Recipient::Person(handle) => {
                let (sender, other) = futures::try_join!(self.author(&letter.sender), self.receiver(handle))?;
                if other.sub == sender.sub {
                    return Err(Invalid::ReceiverBlank.into());
                }
                let group = GroupId::between(&sender.sub, &other.sub);
                self.deliver(group, letter, &sender, &other).await?;
                Ok(SentMessage::Opened(NewConversation { message_group_uuid: group }))
            }
        }
    }

    async fn deliver(&self, group: GroupId, letter: &OutgoingMessage, sender: &User, other: &Person) -> Result<()> {
        let mut write = message(group, letter, sender, other);
        let _ = write.update(message_item::last(group, &sender.sub, other, letter));
        let _ = write.update(message_item::last(group, &other.sub, &Person::from(sender), letter));
        match write.commit(self.table()).await? {
            Outcome::Written => Ok(()),
            // A newer message is the conversation's last already, and stays so.
            Outcome::Unmet(_) => match message(group, letter, sender, other).commit(self.table()).await? {
                Outcome::Written => Ok(()),
                Outcome::Unmet(_) => Err(Error::NotFound),
            },
        }
    }

    async fn receiver(&self, handle: &Handle) -> Result<Person> {
        let claim = self.table().get(keys::handle(handle)).await?;
        Person::claimed(&claim.ok_or(Invalid::ReceiverBlank)?)
    }

    async fn other(&self, group: GroupId, caller: &Sub) -> Result<Person> {
        let members = self.table().newest(keys::members(group), MEMBERS).await?;
        Person::other(membership(&members.items, group, caller)?)
    }

    /// The caller's conversations, the one with the newest message first. One wave; eventually consistent, so a message may take
    /// some milliseconds to move its conversation.
    ///
    /// # Errors
    /// [`Invalid::BeforeInvalid`]; [`Error::Busy`], [`Error::Refused`].
    pub async fn message_groups(&self, caller: &Sub, page: PageRequest) -> Result<Page<Vec<MessageGroup>>> {
        let run = keys::inbox_run(caller, page.before_group()?);
        let found = self.table().newest_of_inbox(run, page.limit.get() + 1).await?;
        let more = found.items.len() > page.limit.get();
        let groups = found.items.iter().take(page.limit.get()).map(message_item::read_group);
        let groups = groups.collect::<Result<Vec<_>>>()?;
        let next = groups.last().filter(|_| more).map(|last| Cursor::Group(last.created_at, last.uuid));
        Ok(Page { content: groups, next })
    }

    /// The newest messages of a conversation before the cursor, the oldest of them first, as they are read. One wave.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for the conversation of others, and for one that is not there; [`Invalid::BeforeInvalid`].
    pub async fn messages(&self, caller: &Sub, group: GroupId, page: PageRequest) -> Result<Page<Vec<Message>>> {
        let members = self.table().newest(keys::members(group), MEMBERS);
        let run = keys::messages(group, page.before_message()?);
        let found = self.table().newest(run, page.limit.get() + 1);
        let (members, found) = futures::try_join!(members, found)?;
        membership(&members.items, group, caller)?;
        let more = found.items.len() > page.limit.get();
        let messages = found.items.iter().take(page.limit.get()).rev().map(message_item::read_message);
        let messages = messages.collect::<Result<Vec<_>>>()?;
        let next = messages.first().filter(|_| more).map(|oldest| Cursor::Message(oldest.uuid));
        Ok(Page { content: messages, next })
    }
}

/// The message itself, and the receiver's notification of it.
fn message(group: GroupId, letter: &OutgoingMessage, sender: &User, other: &Person) -> Transaction {
    let mut write = Transaction::default();
    write.put(message_item::message(group, letter, sender));
    write.put(notifications::of_message(&other.sub, group, letter, sender));
    write
}

/// The caller's item among the members'. A conversation that is not there answers as one of others does: its id can be reckoned from
/// its members', so another answer would tell a stranger who talks to whom.
fn membership<'a>(members: &'a [Item], group: GroupId, caller: &Sub) -> Result<&'a Item> {
    let key = keys::member(group, caller);
    members.iter().find(|item| item.find(keys::SK) == Some(&key.sk)).ok_or(Error::Forbidden)
}
