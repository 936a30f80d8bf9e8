//! Notifications: replies and messages that a user received.

use std::collections::HashMap;
use std::time::Duration;

use crudder_domain::{
    Activity, ActivityId, GroupId, Notification, NotificationKind, OutgoingMessage, Page, PageRequest, Sub, Timestamp,
    User, UserShort,
};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::item::Item;
use crate::keys::{self, SK};
use crate::listing::{Listing, with_spare};
use crate::store::Store;
use crate::{activity_item, user_item};

/// How long a notification is kept: as long as the longest-lived post. After that, the post that it
/// is about has expired.
const RETENTION: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Returns the item of a notification of a reply. It only points to the reply.
pub(crate) fn of_reply(receiver: &Sub, reply: ActivityId) -> Item {
    expiring(keys::notification(receiver, reply.uuid()), reply.timestamp()).text("kind", "reply")
}

/// Returns the item of a notification of a message. It has the whole message, because a single
/// message has no page.
pub(crate) fn of_message(receiver: &Sub, group: GroupId, message: &OutgoingMessage, sender: &User) -> Item {
    expiring(keys::notification(receiver, message.id.uuid()), message.id.timestamp())
        .text("kind", "message")
        .text("sub", sender.sub.as_str())
        .text("handle", sender.handle.as_str())
        .text("display_name", sender.display_name.as_str())
        .text("message", message.message.as_str())
        .text("group", group.to_string())
}

/// Returns an item that expires by `kept_until`. It is not `expires_at`, because the activity that
/// the notification is about has another end.
fn expiring(key: keys::Key, created_at: Timestamp) -> Item {
    let end = created_at.saturating_add(RETENTION);
    Item::at(key).number("kept_until", end.micros()).number(keys::TTL, end.seconds_rounded_up())
}

impl Store {
    /// Reads a page of the replies and messages that the caller received in the last thirty days,
    /// newest first. Two round trips.
    ///
    /// # Errors
    /// [`crudder_domain::Invalid::BeforeInvalid`]; [`Error::Busy`], [`Error::Refused`].
    pub async fn notifications(
        &self,
        caller: &Sub,
        page: PageRequest,
        now: Timestamp,
    ) -> Result<Page<Vec<Notification>>> {
        let range = keys::notifications(caller, page.before_activity()?);
        let found = self.table().newest(range, with_spare(page.limit.get())).await?;
        let is_live = |item: &Item| item.find_number("kept_until").is_none_or(|end| end > now.micros());
        let page = Listing::of(found, "")?.filter(is_live).first_page(page.limit);
        let replies = page.content.iter().filter(|item| item.find("kind") == Some("reply")).map(read_id);
        let replies = replies.map(|id| Ok(keys::activity(id?))).collect::<Result<Vec<_>>>()?;
        let replies = self.table().get_all(replies).await?;
        let content = page.content.iter().filter_map(|item| read_notification(item, &replies).transpose());
        Ok(Page { content: content.collect::<Result<_>>()?, next: page.next })
    }
}

/// Reads a notification; `None` for a reply that no longer exists.
fn read_notification(item: &Item, replies: &HashMap<String, Item>) -> Result<Option<Notification>> {
    let id = read_id(item)?;
    if item.find("kind") == Some("message") {
        return read_message_notification(item, id).map(Some);
    }
    let Some(reply) = replies.get(&keys::activity(id).pk) else { return Ok(None) };
    let (activity, actor) = (activity_item::activity(reply)?, user_item::short(reply)?);
    Ok(Some(Notification { activity, kind: NotificationKind::Reply, actor, message_group_uuid: None }))
}

fn read_message_notification(item: &Item, uuid: ActivityId) -> Result<Notification> {
    let actor: UserShort = user_item::short(item)?;
    let group = Uuid::try_parse(item.read("group")?).map_err(|_| Error::Malformed("group"))?;
    let activity = Activity {
        uuid,
        display_name: actor.display_name.clone(),
        handle: actor.handle.clone(),
        message: item.read_message()?,
        created_at: uuid.timestamp(),
        expires_at: None,
        likes_count: 0,
        replies_count: 0,
        reposts_count: 0,
        reply_to_activity_uuid: None,
        replies: [],
    };
    Ok(Notification {
        activity,
        kind: NotificationKind::Message,
        actor,
        message_group_uuid: Some(GroupId::from(group)),
    })
}

fn read_id(item: &Item) -> Result<ActivityId> {
    activity_item::id(item.read(SK)?, SK)
}
