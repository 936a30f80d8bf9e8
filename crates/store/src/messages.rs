//! Direct messages and conversations: writes and reads them.

use crudder_domain::{
    Cursor, GroupId, Handle, Invalid, Message, MessageGroup, NewConversation, OutgoingMessage, Page, PageRequest,
    Recipient, SentMessage, Sub, User,
};

use crate::error::{Error, Result};
use crate::item::Item;
use crate::message_item::{self, Person};
use crate::store::Store;
use crate::transaction::Transaction;
use crate::transaction_response::Outcome;
use crate::{keys, notifications};

/// The number of members of a conversation, each with an item.
const MEMBERS: usize = 2;

impl Store {
    /// Writes a message into the conversation that it names, or into the one with the person that
    /// it names. One round trip of reads and one transaction; two transactions when a newer message
    /// was written first.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when the sender is not a member of the conversation or it does not
    /// exist; [`Invalid::ReceiverBlank`] when the receiver is unknown or the sender;
    /// [`Invalid::CallerUnknown`].
    pub async fn put_message(&self, message: &OutgoingMessage) -> Result<SentMessage> {
        match &message.to {
            Recipient::Group(group) => {
                let (sender, other) =
                    futures::try_join!(self.author(&message.sender), self.other_member(*group, &message.sender))?;
                self.write_message(*group, message, &sender, &other).await?;
                Ok(SentMessage::Added(message.to_message(&sender)))
            }
            Recipient::Person(handle) => {
                let (sender, other) = futures::try_join!(self.author(&message.sender), self.receiver(handle))?;
                if other.sub == sender.sub {
                    return Err(Invalid::ReceiverBlank.into());
                }
                let group = GroupId::between(&sender.sub, &other.sub);
                self.write_message(group, message, &sender, &other).await?;
                Ok(SentMessage::Opened(NewConversation { message_group_uuid: group }))
            }
        }
    }

    async fn write_message(
        &self,
        group: GroupId,
        message: &OutgoingMessage,
        sender: &User,
        other: &Person,
    ) -> Result<()> {
        let mut write = message_transaction(group, message, sender, other);
        let _ = write.update(message_item::last(group, &sender.sub, other, message));
        let _ = write.update(message_item::last(group, &other.sub, &Person::from(sender), message));
        match write.commit(self.table()).await? {
            Outcome::Committed => Ok(()),
            // The conversation already has a newer last message, which stays.
            Outcome::ConditionsFailed(_) => {
                match message_transaction(group, message, sender, other).commit(self.table()).await? {
                    Outcome::Committed => Ok(()),
                    Outcome::ConditionsFailed(_) => Err(Error::NotFound),
                }
            }
        }
    }

    async fn receiver(&self, handle: &Handle) -> Result<Person> {
        let item = self.table().get(keys::handle(handle)).await?;
        Person::owner(&item.ok_or(Invalid::ReceiverBlank)?)
    }

    async fn other_member(&self, group: GroupId, caller: &Sub) -> Result<Person> {
        let members = self.table().newest(keys::members(group), MEMBERS).await?;
        Person::other(membership(&members.items, group, caller)?)
    }

    /// Reads the caller's conversations, the one with the newest message first. One round trip.
    ///
    /// The read is eventually consistent: a new message may move its conversation up some
    /// milliseconds late.
    ///
    /// # Errors
    /// [`Invalid::BeforeInvalid`]; [`Error::Busy`], [`Error::Refused`].
    pub async fn message_groups(&self, caller: &Sub, page: PageRequest) -> Result<Page<Vec<MessageGroup>>> {
        let range = keys::inbox_range(caller, page.before_group()?);
        let found = self.table().newest_of_inbox(range, page.limit.get() + 1).await?;
        let more = found.items.len() > page.limit.get();
        let groups = found.items.iter().take(page.limit.get()).map(message_item::read_group);
        let groups = groups.collect::<Result<Vec<_>>>()?;
        let next = groups.last().filter(|_| more).map(|last| Cursor::Group(last.created_at, last.uuid));
        Ok(Page { content: groups, next })
    }

    /// Reads the newest messages of a conversation before the cursor, and returns them oldest
    /// first. One round trip.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when the caller is not a member of the conversation or it does not
    /// exist; [`Invalid::BeforeInvalid`].
    pub async fn messages(&self, caller: &Sub, group: GroupId, page: PageRequest) -> Result<Page<Vec<Message>>> {
        let members = self.table().newest(keys::members(group), MEMBERS);
        let range = keys::messages(group, page.before_message()?);
        let found = self.table().newest(range, page.limit.get() + 1);
        let (members, found) = futures::try_join!(members, found)?;
        membership(&members.items, group, caller)?;
        let more = found.items.len() > page.limit.get();
        let messages = found.items.iter().take(page.limit.get()).rev().map(message_item::read_message);
        let messages = messages.collect::<Result<Vec<_>>>()?;
        let next = messages.first().filter(|_| more).map(|oldest| Cursor::Message(oldest.uuid));
        Ok(Page { content: messages, next })
    }
}

/// Returns a transaction with the message and the receiver's notification of it.
fn message_transaction(group: GroupId, message: &OutgoingMessage, sender: &User, other: &Person) -> Transaction {
    let mut write = Transaction::default();
    write.put(message_item::message(group, message, sender));
    write.put(notifications::of_message(&other.sub, group, message, sender));
    write
}

/// Returns the caller's item among those of the members.
///
/// A conversation that does not exist gets the same error as one that the caller is not a member
/// of. The id can be computed from the members, so another error would reveal who talks to whom.
fn membership<'a>(members: &'a [Item], group: GroupId, caller: &Sub) -> Result<&'a Item> {
    let key = keys::member(group, caller);
    members.iter().find(|item| item.find(keys::SK) == Some(&key.sk)).ok_or(Error::Forbidden)
}
