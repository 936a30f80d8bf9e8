//! Posts and replies: written, and shown on their own page.

use crudder_domain::{
    Activity, ActivityId, ActivityPage, Invalid, Page, PageRequest, Post, Reply, Timestamp, User, terms,
};

use crate::error::{Error, Result};
use crate::item::Item;
use crate::keys::{self, Bucket};
use crate::page::Sweep;
use crate::transaction::{Outcome, Place, Transaction};
use crate::update::Update;
use crate::{Store, activity_item, notifications};

impl Store {
    /// Writes a post where home, its author's page, search and its own page find it. One wave, one transaction.
    ///
    /// # Errors
    /// [`Invalid::CallerUnknown`] for an author who never signed up here.
    pub async fn put_activity(&self, post: &Post) -> Result<Activity> {
        let bucket = Bucket::of(post.id.timestamp());
        let directory = self.table().get(keys::directory(bucket));
        let (author, directory) = futures::try_join!(self.author(&post.author), directory)?;
        let known = directory.and_then(|entry| entry.find_number("shards")).unwrap_or_default();
        let to_open = (known < self.0.home_shards as u64).then_some(bucket);
        let activity = post.to_activity(&author);
        let (write, opening) = self.post(post, &activity, to_open);
        match write.commit(self.table()).await? {
            Outcome::Written => Ok(activity),
            // Another post has opened the bucket meanwhile: what this one would have noted stands already.
            Outcome::Unmet(unmet) if opening.is_some() && opening == unmet.first().copied() && unmet.len() == 1 => {
                match self.post(post, &activity, None).0.commit(self.table()).await? {
                    Outcome::Written => Ok(activity),
                    Outcome::Unmet(_) => Err(Invalid::CallerUnknown.into()),
                }
            }
            Outcome::Unmet(_) => Err(Invalid::CallerUnknown.into()),
        }
    }

    fn post(&self, post: &Post, activity: &Activity, to_open: Option<Bucket>) -> (Transaction, Option<Place>) {
        let (id, end) = (post.id, Some(post.expires_at));
        let bucket = Bucket::of(id.timestamp());
        let shard = shard_of(id, self.0.home_shards);
        let mut write = Transaction::default();
        let canonical = activity_item::item(keys::activity(id), activity, &post.author);
        write.put(canonical.number("home_shard", shard as u64));
        write.put(activity_item::item(keys::home(bucket, shard, id), activity, &post.author));
        write.put(Item::at(keys::written(&activity.handle, id)).until(end));
        let held = terms(post.message.as_str());
        for term in &held {
            write.put(Item::at(keys::term(term, id)).texts("terms", &held).until(end));
        }
        let _ = write.update(Update::of(keys::user(&post.author)).raise("cruds_count").when_there());
        let opening = to_open.map(|bucket| {
            let shards = self.0.home_shards as u64;
            let entry = Update::of(keys::directory(bucket)).number("shards", shards).when_below("shards", shards);
            write.update(entry.number(keys::TTL, bucket.forgotten().seconds_rounded_up()))
        });
        (write, opening)
    }

    /// Writes a reply and raises its parent's count. One wave, one transaction.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the parent is not there or expired; [`Invalid::CallerUnknown`].
    pub async fn put_reply(&self, reply: &Reply) -> Result<Activity> {
        let parent = self.table().get(keys::activity(reply.parent));
        let (author, parent) = futures::try_join!(self.author(&reply.author), parent)?;
        let parent = parent.filter(|parent| parent.is_live(reply.id.timestamp())).ok_or(Error::NotFound)?;
        let activity = reply.to_activity(&author);
        match self.reply(reply, &activity, &author, &parent)?.commit(self.table()).await? {
            Outcome::Written => Ok(activity),
            Outcome::Unmet(_) => Err(Error::NotFound),
        }
    }

    fn reply(&self, reply: &Reply, activity: &Activity, author: &User, parent: &Item) -> Result<Transaction> {
        let (id, now) = (reply.id, reply.id.timestamp());
        let mut write = Transaction::default();
        write.put(activity_item::item(keys::activity(id), activity, &reply.author));
        write.put(Item::at(keys::reply(reply.parent, id)).until(parent.expires_at()));
        write.put(Item::at(keys::written(&author.handle, id)));
        let _ = write.update(Update::of(keys::user(&reply.author)).raise("cruds_count").when_there());
        let raised = Update::of(keys::activity(reply.parent)).raise("replies_count");
        let _ = write.update(raised.when_there_and_above("expires_at", now.micros()));
        if let Some(shard) = parent.find_number("home_shard") {
            let copy = keys::home(Bucket::of(reply.parent.timestamp()), shard as usize, reply.parent);
            let _ = write.update(Update::of(copy).raise("replies_count").when_there());
        }
        let whom = parent.read_sub("sub")?;
        if whom != reply.author {
            write.put(notifications::of_reply(&whom, id));
        }
        Ok(write)
    }

    /// An activity and the replies to it, newest first. Two waves.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not there or expired; [`Invalid::BeforeInvalid`].
    pub async fn show_activity(&self, id: ActivityId, page: PageRequest, now: Timestamp) -> Result<Page<ActivityPage>> {
        let run = keys::replies(id, page.before_activity()?);
        let replies = self.table().newest(run, page.limit.get() + 1);
        let (item, replies) = futures::try_join!(self.table().get(keys::activity(id)), replies)?;
        let item = item.filter(|item| item.is_live(now)).ok_or(Error::NotFound)?;
        let replies = self.hydrate(Sweep::of(replies, "REPLY#")?, page).await?;
        let content = ActivityPage { activity: activity_item::activity(&item)?, replies: replies.content };
        Ok(Page { content, next: replies.next })
    }

    /// The first page of activities that these pointers point to, with their counts as of now; what was swept between the waves
    /// is left out. One wave.
    pub(crate) async fn hydrate(&self, pointers: Sweep, page: PageRequest) -> Result<Page<Vec<Activity>>> {
        let pointers = pointers.page(page.limit);
        let id = |item: &Item| {
            let place = item.read(keys::SK)?;
            activity_item::id(place.strip_prefix("REPLY#").unwrap_or(place), keys::SK)
        };
        let ids = pointers.content.iter().map(id).collect::<Result<Vec<_>>>()?;
        let found = self.table().get_all(ids.iter().map(|id| keys::activity(*id)).collect()).await?;
        let content = ids.iter().filter_map(|id| found.get(&keys::activity(*id).pk)).map(activity_item::activity);
        Ok(Page { content: content.collect::<Result<_>>()?, next: pointers.next })
    }
}

/// Which shard a post goes to: by the random end of its id, so evenly.
fn shard_of(id: ActivityId, shards: usize) -> usize {
    (id.uuid().as_u128() & u128::from(u32::MAX)) as usize % shards
}
