//! Notifications: somebody replied to the caller, somebody wrote to him.

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
use crate::page::{Sweep, with_spare};
use crate::{Store, activity_item, user_item};

/// How long a notification is kept: as long as the longest post, after which it speaks of nothing that is still there.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// That somebody replied: where the reply is.
pub(crate) fn of_reply(whom: &Sub, reply: ActivityId) -> Item {
    kept(keys::notification(whom, reply.uuid()), reply.timestamp()).text("kind", "reply")
}

/// That somebody wrote: all of it, since no page shows one message.
pub(crate) fn of_message(whom: &Sub, group: GroupId, letter: &OutgoingMessage, sender: &User) -> Item {
    kept(keys::notification(whom, letter.id.uuid()), letter.id.timestamp())
        .text("kind", "message")
        .text("sub", sender.sub.as_str())
        .text("handle", sender.handle.as_str())
        .text("display_name", sender.display_name.as_str())
        .text("message", letter.message.as_str())
        .text("group", group.to_string())
}

/// A notification's own end is no end of what it tells of, so it has a name of its own.
fn kept(key: keys::Key, from: Timestamp) -> Item {
    let end = from.saturating_add(KEPT);
    Item::at(key).number("kept_until", end.micros()).number(keys::TTL, end.seconds_rounded_up())
}

impl Store {
    /// A page of what others did that concerns the caller in the last thirty days, newest first. Two waves.
    ///
    /// # Errors
    /// [`crudder_domain::Invalid::BeforeInvalid`]; [`Error::Busy`], [`Error::Refused`].
    pub async fn notifications(
        &self,
        caller: &Sub,
        page: PageRequest,
        now: Timestamp,
    ) -> Result<Page<Vec<Notification>>> {
        let run = keys::notifications(caller, page.before_activity()?);
        let found = self.table().newest(run, with_spare(page.limit.get())).await?;
        let live = |item: &Item| item.find_number("kept_until").is_none_or(|end| end > now.micros());
        let page = Sweep::of(found, "")?.keep(live).page(page.limit);
        let replies = page.content.iter().filter(|item| item.find("kind") == Some("reply")).map(place);
        let replies = replies.map(|id| Ok(keys::activity(id?))).collect::<Result<Vec<_>>>()?;
        let replies = self.table().get_all(replies).await?;
        let told = page.content.iter().filter_map(|item| told(item, &replies).transpose());
        Ok(Page { content: told.collect::<Result<_>>()?, next: page.next })
    }
}

/// What an item tells; nothing when it tells of a reply that is gone.
fn told(item: &Item, replies: &HashMap<String, Item>) -> Result<Option<Notification>> {
    let id = place(item)?;
    if item.find("kind") == Some("message") {
        return told_of_message(item, id).map(Some);
    }
    let Some(reply) = replies.get(&keys::activity(id).pk) else { return Ok(None) };
    let (activity, actor) = (activity_item::activity(reply)?, user_item::short(reply)?);
    Ok(Some(Notification { activity, kind: NotificationKind::Reply, actor, message_group_uuid: None }))
}

fn told_of_message(item: &Item, uuid: ActivityId) -> Result<Notification> {
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

fn place(item: &Item) -> Result<ActivityId> {
    activity_item::id(item.read(SK)?, SK)
}
