//! Posts and replies: writes them, and reads the page of an activity.

use crudder_domain::{
    Activity, ActivityId, ActivityPage, Invalid, Page, PageRequest, Post, Reply, Timestamp, User, terms,
};

use crate::bucket::Bucket;
use crate::error::{Error, Result};
use crate::item::Item;
use crate::keys;
use crate::listing::Listing;
use crate::store::Store;
use crate::transaction::Transaction;
use crate::transaction_response::{ItemIndex, Outcome};
use crate::update::Update;
use crate::{activity_item, notifications};

impl Store {
    /// Writes a post, so that home, its author's page, search and its own page find it. One round
    /// trip of reads, one transaction.
    ///
    /// # Errors
    /// [`Invalid::CallerUnknown`] for an author who has never signed up.
    pub async fn put_activity(&self, post: &Post) -> Result<Activity> {
        let bucket = Bucket::of(post.id.timestamp());
        let directory = self.table().get(keys::directory(bucket));
        let (author, directory) = futures::try_join!(self.author(&post.author), directory)?;
        let known_shards = directory.and_then(|entry| entry.find_number("shards")).unwrap_or_default();
        let bucket_to_open = (known_shards < self.home_shards() as u64).then_some(bucket);
        let activity = post.to_activity(&author);
        let (write, directory_update) = self.post_transaction(post, &activity, bucket_to_open);
        match write.commit(self.table()).await? {
            Outcome::Committed => Ok(activity),
            // Another post has opened the bucket in the meantime, so the directory needs no update.
            Outcome::ConditionsFailed(failed) if directory_update.is_some_and(|update| failed == [update]) => {
                match self.post_transaction(post, &activity, None).0.commit(self.table()).await? {
                    Outcome::Committed => Ok(activity),
                    Outcome::ConditionsFailed(_) => Err(Invalid::CallerUnknown.into()),
                }
            }
            Outcome::ConditionsFailed(_) => Err(Invalid::CallerUnknown.into()),
        }
    }

    /// Returns the transaction of a post, and its update of the directory if it has one.
    fn post_transaction(
        &self,
        post: &Post,
        activity: &Activity,
        bucket_to_open: Option<Bucket>,
    ) -> (Transaction, Option<ItemIndex>) {
        let (id, end) = (post.id, Some(post.expires_at));
        let bucket = Bucket::of(id.timestamp());
        let shard = shard_of(id, self.home_shards());
        let mut write = Transaction::default();
        let original = activity_item::item(keys::activity(id), activity, &post.author);
        write.put(original.number("home_shard", shard as u64));
        write.put(activity_item::item(keys::home(bucket, shard, id), activity, &post.author));
        write.put(Item::at(keys::written(&activity.handle, id)).until(end));
        let terms = terms(post.message.as_str());
        for term in &terms {
            write.put(Item::at(keys::term(term, id)).texts("terms", &terms).until(end));
        }
        let _ = write.update(Update::of(keys::user(&post.author)).increment("cruds_count").if_exists());
        let directory_update = bucket_to_open.map(|bucket| {
            let shards = self.home_shards() as u64;
            let entry = Update::of(keys::directory(bucket)).number("shards", shards).if_below("shards", shards);
            write.update(entry.number(keys::TTL, bucket.expires_at().seconds_rounded_up()))
        });
        (write, directory_update)
    }

    /// Writes a reply and increments its parent's count. One round trip of reads, one transaction.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the parent does not exist or has expired;
    /// [`Invalid::CallerUnknown`].
    pub async fn put_reply(&self, reply: &Reply) -> Result<Activity> {
        let parent = self.table().get(keys::activity(reply.parent));
        let (author, parent) = futures::try_join!(self.author(&reply.author), parent)?;
        let parent = parent.filter(|parent| parent.is_live(reply.id.timestamp())).ok_or(Error::NotFound)?;
        let activity = reply.to_activity(&author);
        match self.reply_transaction(reply, &activity, &author, &parent)?.commit(self.table()).await? {
            Outcome::Committed => Ok(activity),
            Outcome::ConditionsFailed(_) => Err(Error::NotFound),
        }
    }

    fn reply_transaction(
        &self,
        reply: &Reply,
        activity: &Activity,
        author: &User,
        parent: &Item,
    ) -> Result<Transaction> {
        let (id, now) = (reply.id, reply.id.timestamp());
        let mut write = Transaction::default();
        write.put(activity_item::item(keys::activity(id), activity, &reply.author));
        write.put(Item::at(keys::reply(reply.parent, id)).until(parent.expires_at()));
        write.put(Item::at(keys::written(&author.handle, id)));
        let _ = write.update(Update::of(keys::user(&reply.author)).increment("cruds_count").if_exists());
        let counted = Update::of(keys::activity(reply.parent)).increment("replies_count");
        let _ = write.update(counted.if_exists_and_above("expires_at", now.micros()));
        if let Some(shard) = parent.find_number("home_shard") {
            let copy = keys::home(Bucket::of(reply.parent.timestamp()), shard as usize, reply.parent);
            let _ = write.update(Update::of(copy).increment("replies_count").if_exists());
        }
        let parent_author = parent.read_sub("sub")?;
        if parent_author != reply.author {
            write.put(notifications::of_reply(&parent_author, id));
        }
        Ok(write)
    }

    /// Reads an activity and its replies, newest first. Two round trips.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it does not exist or has expired; [`Invalid::BeforeInvalid`].
    pub async fn show_activity(&self, id: ActivityId, page: PageRequest, now: Timestamp) -> Result<Page<ActivityPage>> {
        let range = keys::replies(id, page.before_activity()?);
        let replies = self.table().newest(range, page.limit.get() + 1);
        let (item, replies) = futures::try_join!(self.table().get(keys::activity(id)), replies)?;
        let item = item.filter(|item| item.is_live(now)).ok_or(Error::NotFound)?;
        let replies = self.hydrate(Listing::of(replies, "REPLY#")?, page).await?;
        let content = ActivityPage { activity: activity_item::activity(&item)?, replies: replies.content };
        Ok(Page { content, next: replies.next })
    }

    /// Reads the activities that the first page of `pointers` points to, with their current counts.
    /// An activity that DynamoDB deleted after the pointers were read is left out. One round trip.
    pub(crate) async fn hydrate(&self, pointers: Listing, page: PageRequest) -> Result<Page<Vec<Activity>>> {
        let pointers = pointers.first_page(page.limit);
        let id = |item: &Item| {
            let sk = item.read(keys::SK)?;
            activity_item::id(sk.strip_prefix("REPLY#").unwrap_or(sk), keys::SK)
        };
        let ids = pointers.content.iter().map(id).collect::<Result<Vec<_>>>()?;
        let found = self.table().get_all(ids.iter().map(|id| keys::activity(*id)).collect()).await?;
        let content = ids.iter().filter_map(|id| found.get(&keys::activity(*id).pk)).map(activity_item::activity);
        Ok(Page { content: content.collect::<Result<_>>()?, next: pointers.next })
    }
}

/// Returns the shard of a post: by the random end of its id, so posts are spread evenly.
fn shard_of(id: ActivityId, shards: usize) -> usize {
    (id.uuid().as_u128() & u128::from(u32::MAX)) as usize % shards
}
