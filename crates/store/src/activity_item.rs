//! Activities as items: the original, and the copy that home reads.

use crudder_domain::{Activity, ActivityId, Sub};

use crate::error::{Error, Result};
use crate::item::Item;
use crate::keys::Key;

/// Returns the item of an activity under `key`.
pub(crate) fn item(key: Key, activity: &Activity, author: &Sub) -> Item {
    let item = Item::at(key)
        .text("uuid", activity.uuid.to_string())
        .text("sub", author.as_str())
        .text("handle", activity.handle.as_str())
        .text("display_name", activity.display_name.as_str())
        .text("message", activity.message.as_str())
        .number("likes_count", activity.likes_count)
        .number("replies_count", activity.replies_count)
        .number("reposts_count", activity.reposts_count)
        .until(activity.expires_at);
    match activity.reply_to_activity_uuid {
        Some(parent) => item.text("reply_to", parent.to_string()),
        None => item,
    }
}

/// Reads an activity.
pub(crate) fn activity(item: &Item) -> Result<Activity> {
    let uuid = id(item.read("uuid")?, "uuid")?;
    Ok(Activity {
        uuid,
        display_name: item.read_display_name("display_name")?,
        handle: item.read_handle("handle")?,
        message: item.read_message()?,
        created_at: uuid.timestamp(),
        expires_at: item.expires_at(),
        likes_count: item.read_number("likes_count")?,
        replies_count: item.read_number("replies_count")?,
        reposts_count: item.read_number("reposts_count")?,
        reply_to_activity_uuid: item.find("reply_to").map(|parent| id(parent, "reply_to")).transpose()?,
        replies: [],
    })
}

/// Reads an id from the attribute `name`.
pub(crate) fn id(text: &str, name: &'static str) -> Result<ActivityId> {
    ActivityId::parse(text).map_err(|_| Error::Malformed(name))
}
