//! The keys of the table: every `pk` and `sk` is made here. ARCHITECTURE.md has the same table in words.

use std::time::Duration;

use crudder_domain::{ActivityId, GroupId, Handle, MessageId, Sub, Timestamp, Ttl};
use uuid::Uuid;

/// The table's own names.
pub(crate) const PK: &str = "pk";
pub(crate) const SK: &str = "sk";
pub(crate) const INBOX: &str = "inbox";
pub(crate) const INBOX_PK: &str = "gsi1pk";
pub(crate) const INBOX_SK: &str = "gsi1sk";
/// The attribute that DynamoDB sweeps by, in seconds.
pub(crate) const TTL: &str = "ttl";

/// Sorts before every id and number.
const LEAST: &str = "0";
/// Sorts after every id and number: they are made of `0-9`, `a-f`, `-` and `#`.
const MOST: &str = "g";

/// The key of one item.
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

/// A run of items in one partition; both ends belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) pk: String,
    pub(crate) low: String,
    pub(crate) high: String,
}

/// A stretch of time whose posts share partitions.
///
/// Its length is that of the longest-lived post, so whatever is still to be shown lies in two buckets at most: a home page asks
/// no more. A shorter one would cost more reads and gain nothing, since shards spread the writes, and a partition may grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bucket(u64);

impl Bucket {
    const LENGTH: Duration = Ttl::LONGEST;

    /// The bucket of what was written then.
    pub(crate) fn of(moment: Timestamp) -> Self {
        Self(moment.micros() / Self::LENGTH.as_micros() as u64)
    }

    /// Reads a directory entry's `sk`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    /// Its first moment.
    pub(crate) fn begin(self) -> Timestamp {
        Timestamp::from_micros(self.0.saturating_mul(Self::LENGTH.as_micros() as u64))
    }

    /// When nothing of it can be shown any more.
    pub(crate) fn forgotten(self) -> Timestamp {
        self.begin().saturating_add(Self::LENGTH).saturating_add(Ttl::LONGEST)
    }

    fn shown(self) -> String {
        format!("{:06}", self.0)
    }
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

pub(crate) fn replies(parent: ActivityId, before: Option<ActivityId>) -> Run {
    Run { pk: format!("ACT#{parent}"), low: "REPLY#".to_owned(), high: format!("REPLY#{}", below(before)) }
}

pub(crate) fn directory(bucket: Bucket) -> Key {
    Key::new("HOMEDIR".to_owned(), bucket.shown())
}

pub(crate) fn buckets(oldest: Bucket, newest: Bucket) -> Run {
    Run { pk: "HOMEDIR".to_owned(), low: oldest.shown(), high: newest.shown() }
}

pub(crate) fn home(bucket: Bucket, shard: usize, id: ActivityId) -> Key {
    Key::new(shard_of(bucket, shard), id.to_string())
}

pub(crate) fn home_shard(bucket: Bucket, shard: usize, before: Option<ActivityId>) -> Run {
    ids(shard_of(bucket, shard), before)
}

pub(crate) fn written(handle: &Handle, id: ActivityId) -> Key {
    Key::new(format!("BY#{}", handle.key()), id.to_string())
}

pub(crate) fn written_by(handle: &Handle, before: Option<ActivityId>) -> Run {
    ids(format!("BY#{}", handle.key()), before)
}

pub(crate) fn term(term: &str, id: ActivityId) -> Key {
    Key::new(format!("TERM#{term}"), id.to_string())
}

pub(crate) fn with_term(term: &str, before: Option<ActivityId>) -> Run {
    ids(format!("TERM#{term}"), before)
}

pub(crate) fn notification(sub: &Sub, id: Uuid) -> Key {
    Key::new(format!("NOTIF#{sub}"), id.to_string())
}

pub(crate) fn notifications(sub: &Sub, before: Option<ActivityId>) -> Run {
    ids(format!("NOTIF#{sub}"), before)
}

pub(crate) fn member(group: GroupId, sub: &Sub) -> Key {
    Key::new(format!("GROUP#{group}"), format!("MEMBER#{sub}"))
}

pub(crate) fn members(group: GroupId) -> Run {
    // `$` is the sign after `#`.
    Run { pk: format!("GROUP#{group}"), low: "MEMBER#".to_owned(), high: "MEMBER$".to_owned() }
}

pub(crate) fn message(group: GroupId, id: MessageId) -> Key {
    Key::new(format!("GROUP#{group}"), format!("MSG#{id}"))
}

pub(crate) fn messages(group: GroupId, before: Option<MessageId>) -> Run {
    let high = format!("MSG#{}", below(before));
    Run { pk: format!("GROUP#{group}"), low: "MSG#".to_owned(), high }
}

pub(crate) fn inbox(sub: &Sub) -> String {
    format!("INBOX#{sub}")
}

/// Where a conversation stands among those of its members: by the moment of its last message.
pub(crate) fn inbox_place(at: Timestamp, group: GroupId) -> String {
    // Moments have at most eighteen digits.
    format!("{:018}#{group}", at.micros())
}

pub(crate) fn inbox_run(sub: &Sub, before: Option<(Timestamp, GroupId)>) -> Run {
    let high = before.map_or(MOST.to_owned(), |(at, group)| {
        let group = group.uuid().as_u128().checked_sub(1).map_or(String::new(), |id| Uuid::from_u128(id).to_string());
        format!("{:018}#{group}", at.micros())
    });
    Run { pk: inbox(sub), low: LEAST.to_owned(), high }
}

fn shard_of(bucket: Bucket, shard: usize) -> String {
    format!("HOME#{}#{shard:02}", bucket.shown())
}

fn ids(pk: String, before: Option<ActivityId>) -> Run {
    Run { pk, low: LEAST.to_owned(), high: below(before) }
}

/// The greatest id below this one, as text; all of them sort as numbers do.
fn below(before: Option<impl Into<Uuid>>) -> String {
    before.map_or(MOST.to_owned(), |id| Uuid::from_u128(id.into().as_u128() - 1).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_shown_lies_in_two_buckets() {
        let bucket = Bucket::of(Timestamp::from_micros(1_709_210_096_000_007));
        let oldest = |now: Timestamp| Bucket::of(now.saturating_sub(Ttl::LONGEST));
        for micros in [1_709_210_096_000_007, 1_711_000_000_000_000] {
            let now = Timestamp::from_micros(micros);
            assert!(Bucket::of(now).0 - oldest(now).0 <= 1);
        }
        assert!(bucket.forgotten() > Timestamp::from_micros(1_709_210_096_000_007).saturating_add(Ttl::LONGEST));
        assert_eq!(Bucket::parse(&bucket.shown()), Some(bucket));
    }

    #[test]
    fn a_run_ends_just_before_its_cursor() {
        let id = ActivityId::at(Timestamp::from_micros(1_709_210_096_000_007));
        let run = replies(id, Some(id));
        assert!(run.low < run.high);
        assert!(run.high < format!("REPLY#{id}"));
        assert!(replies(id, None).high > format!("REPLY#{id}"));
        let group = GroupId::from(Uuid::nil());
        let run = inbox_run(&Sub::parse("a").unwrap(), Some((Timestamp::from_micros(5), group)));
        assert!(run.high < inbox_place(Timestamp::from_micros(5), group));
        assert!(run.high > inbox_place(Timestamp::from_micros(4), GroupId::from(Uuid::max())));
    }
}
