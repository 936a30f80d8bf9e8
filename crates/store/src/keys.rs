//! The keys of the table: every `pk` and `sk` is made here. ARCHITECTURE.md lists them.

use crudder_domain::{ActivityId, GroupId, Handle, MessageId, Sub, Timestamp};
use uuid::Uuid;

use crate::bucket::Bucket;

/// The names of the table's key attributes and of its index.
pub(crate) const PK: &str = "pk";
pub(crate) const SK: &str = "sk";
pub(crate) const INBOX: &str = "inbox";
pub(crate) const INBOX_PK: &str = "gsi1pk";
pub(crate) const INBOX_SK: &str = "gsi1sk";
/// The attribute of DynamoDB's time to live, in seconds since 1970.
pub(crate) const TTL: &str = "ttl";

/// Sorts before every id and number.
const LEAST: &str = "0";
/// Sorts after every id and number, which consist of `0-9`, `a-f`, `-` and `#`.
const MOST: &str = "g";

/// The key of an item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }
}

/// A range of items in one partition, including both ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyRange {
    pub(crate) pk: String,
    pub(crate) low: String,
    pub(crate) high: String,
}

pub(crate) fn user(sub: &Sub) -> Key {
    Key::new(format!("USER#{sub}"), "PROFILE")
}

pub(crate) fn handle(handle: &Handle) -> Key {
    Key::new(format!("HANDLE#{}", handle.key()), "HANDLE")
}

pub(crate) fn activity(id: ActivityId) -> Key {
    Key::new(format!("ACT#{id}"), "ACT")
}

pub(crate) fn reply(parent: ActivityId, id: ActivityId) -> Key {
    Key::new(format!("ACT#{parent}"), format!("REPLY#{id}"))
}

pub(crate) fn replies(parent: ActivityId, before: Option<ActivityId>) -> KeyRange {
    KeyRange { pk: format!("ACT#{parent}"), low: "REPLY#".to_owned(), high: format!("REPLY#{}", below(before)) }
}

pub(crate) fn directory(bucket: Bucket) -> Key {
    Key::new("HOMEDIR".to_owned(), bucket.key())
}

pub(crate) fn directory_range(oldest: Bucket, newest: Bucket) -> KeyRange {
    KeyRange { pk: "HOMEDIR".to_owned(), low: oldest.key(), high: newest.key() }
}

pub(crate) fn home(bucket: Bucket, shard: usize, id: ActivityId) -> Key {
    Key::new(shard_pk(bucket, shard), id.to_string())
}

pub(crate) fn home_shard(bucket: Bucket, shard: usize, before: Option<ActivityId>) -> KeyRange {
    ids(shard_pk(bucket, shard), before)
}

pub(crate) fn written(handle: &Handle, id: ActivityId) -> Key {
    Key::new(format!("BY#{}", handle.key()), id.to_string())
}

pub(crate) fn written_by(handle: &Handle, before: Option<ActivityId>) -> KeyRange {
    ids(format!("BY#{}", handle.key()), before)
}

pub(crate) fn term(term: &str, id: ActivityId) -> Key {
    Key::new(format!("TERM#{term}"), id.to_string())
}

pub(crate) fn with_term(term: &str, before: Option<ActivityId>) -> KeyRange {
    ids(format!("TERM#{term}"), before)
}

pub(crate) fn notification(sub: &Sub, id: Uuid) -> Key {
    Key::new(format!("NOTIF#{sub}"), id.to_string())
}

pub(crate) fn notifications(sub: &Sub, before: Option<ActivityId>) -> KeyRange {
    ids(format!("NOTIF#{sub}"), before)
}

pub(crate) fn member(group: GroupId, sub: &Sub) -> Key {
    Key::new(format!("GROUP#{group}"), format!("MEMBER#{sub}"))
}

pub(crate) fn members(group: GroupId) -> KeyRange {
    // `$` is the character after `#`.
    KeyRange { pk: format!("GROUP#{group}"), low: "MEMBER#".to_owned(), high: "MEMBER$".to_owned() }
}

pub(crate) fn message(group: GroupId, id: MessageId) -> Key {
    Key::new(format!("GROUP#{group}"), format!("MSG#{id}"))
}

pub(crate) fn messages(group: GroupId, before: Option<MessageId>) -> KeyRange {
    let high = format!("MSG#{}", below(before));
    KeyRange { pk: format!("GROUP#{group}"), low: "MSG#".to_owned(), high }
}

pub(crate) fn inbox(sub: &Sub) -> String {
    format!("INBOX#{sub}")
}

/// Returns the sort key of a conversation in the inbox, which sorts by the time of the last
/// message.
pub(crate) fn inbox_sk(last_message_at: Timestamp, group: GroupId) -> String {
    // Timestamps have at most eighteen digits.
    format!("{:018}#{group}", last_message_at.micros())
}

pub(crate) fn inbox_range(sub: &Sub, before: Option<(Timestamp, GroupId)>) -> KeyRange {
    let high = before.map_or(MOST.to_owned(), |(at, group)| {
        let group = group.uuid().as_u128().checked_sub(1).map_or(String::new(), |id| Uuid::from_u128(id).to_string());
        format!("{:018}#{group}", at.micros())
    });
    KeyRange { pk: inbox(sub), low: LEAST.to_owned(), high }
}

fn shard_pk(bucket: Bucket, shard: usize) -> String {
    format!("HOME#{}#{shard:02}", bucket.key())
}

fn ids(pk: String, before: Option<ActivityId>) -> KeyRange {
    KeyRange { pk, low: LEAST.to_owned(), high: below(before) }
}

/// Returns the greatest id below `before` as text. Ids sort as texts as they do as numbers.
fn below(before: Option<impl Into<Uuid>>) -> String {
    before.map_or(MOST.to_owned(), |id| Uuid::from_u128(id.into().as_u128() - 1).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_ends_just_before_its_cursor() {
        let id = ActivityId::at(Timestamp::from_micros(1_709_210_096_000_007));
        let range = replies(id, Some(id));
        assert!(range.low < range.high);
        assert!(range.high < format!("REPLY#{id}"));
        assert!(replies(id, None).high > format!("REPLY#{id}"));
        let group = GroupId::from(Uuid::nil());
        let range = inbox_range(&Sub::parse("a").unwrap(), Some((Timestamp::from_micros(5), group)));
        assert!(range.high < inbox_sk(Timestamp::from_micros(5), group));
        assert!(range.high > inbox_sk(Timestamp::from_micros(4), GroupId::from(Uuid::max())));
    }
}
