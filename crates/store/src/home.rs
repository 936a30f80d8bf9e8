//! Home: the newest posts of all users.

use std::time::Duration;

use crudder_domain::{Activity, ActivityId, Page, PageLimit, PageRequest, Timestamp, Ttl};
use futures::future::try_join_all;

use crate::activity_item;
use crate::bucket::Bucket;
use crate::error::{Error, Result};
use crate::item::Item;
use crate::keys::{self, SK};
use crate::listing::Listing;
use crate::store::Store;

/// The most rows that the second round trip reads from all partitions together, when expired posts
/// left the page short.
const SECOND_ROUND_TRIP_ROWS: usize = 400;
/// The posts that have not expired are in two buckets. A third one may hold posts of a writer whose
/// clock is ahead.
const DIRECTORY_ROWS: usize = 3;
/// The largest difference between the clocks of two functions. It is seconds at most, so a minute
/// is safe.
const CLOCK_SKEW_MAX: Duration = Duration::from_secs(60);

/// A partition of posts: a bucket and a shard.
type Partition = (Bucket, usize);

impl Store {
    /// Reads a page of the posts of all users that have not expired, newest first. Usually one
    /// round trip, at most two.
    ///
    /// The first round trip reads the directory and, at the same time, the partitions that the page
    /// is probably in: those of the newest bucket, as many as this environment writes to. The
    /// second one reads the other partitions, only if they are needed.
    ///
    /// # Errors
    /// [`crudder_domain::Invalid::BeforeInvalid`]; [`Error::Busy`], [`Error::Refused`].
    pub async fn home(&self, page: PageRequest, now: Timestamp) -> Result<Page<Vec<Activity>>> {
        let before = page.before_activity()?;
        if before.is_none()
            && let Some(cached) = self.home_cache().find(page.limit, now)
        {
            return Ok(cached);
        }
        let found = self.read_home(before, page.limit, now).await?.first_page(page.limit);
        let content = found.content.iter().map(activity_item::activity).collect::<Result<_>>()?;
        let found = Page { content, next: found.next };
        if before.is_none() {
            self.home_cache().insert(page.limit, &found);
        }
        Ok(found)
    }

    async fn read_home(&self, before: Option<ActivityId>, limit: PageLimit, now: Timestamp) -> Result<Listing> {
        let oldest = now.saturating_sub(Ttl::LONGEST);
        if before.is_some_and(|id| id.timestamp() < oldest) {
            return Ok(Listing::default());
        }
        // A writer whose clock is ahead may have written into the next bucket.
        let newest = before.map_or(now.saturating_add(CLOCK_SKEW_MAX), last_before);
        let likely = Bucket::of(before.map_or(now, last_before));
        let guess: Vec<Partition> = (0..self.home_shards()).map(|shard| (likely, shard)).collect();
        let directory = keys::directory_range(Bucket::of(oldest), Bucket::of(newest));
        let directory = self.table().newest(directory, DIRECTORY_ROWS);
        let rows = rows_per_partition(limit.get(), guess.len());
        let reads = guess.iter().map(|partition| self.partition(*partition, before, rows, now));
        let (directory, first) = futures::try_join!(directory, try_join_all(reads))?;
        let first: Vec<(Partition, Listing)> = guess.into_iter().zip(first).collect();
        self.second_round_trip(&partitions(&directory.items)?, first, before, limit, now).await
    }

    /// Reads the partitions that the first round trip did not read, and continues those that it
    /// left before the page was full. Usually it reads nothing.
    async fn second_round_trip(
        &self,
        partitions: &[Partition],
        mut first: Vec<(Partition, Listing)>,
        before: Option<ActivityId>,
        limit: PageLimit,
        now: Timestamp,
    ) -> Result<Listing> {
        let is_short = !fills_page(&first, limit);
        let likely = first.first().map(|((bucket, _), _)| *bucket);
        let unread = partitions.iter().copied().filter(|partition| first.iter().all(|(read, _)| read != partition));
        // An older bucket is needed only if the newer one does not fill the page. Otherwise the
        // page ends at the newer bucket's start.
        let (unread, older): (Vec<Partition>, Vec<Partition>) =
            unread.partition(|(bucket, _)| is_short || Some(*bucket) >= likely);
        let end = likely.filter(|_| !older.is_empty()).map(|bucket| ActivityId::first_at(bucket.start()));
        let rows = rows_per_partition(limit.get(), unread.len().max(1));
        let mut reads: Vec<_> =
            unread.into_iter().map(|partition| self.partition(partition, before, rows, now)).collect();
        if is_short {
            let unfinished =
                first.iter_mut().filter_map(|(partition, listing)| Some((*partition, listing.complete_to.take()?)));
            let unfinished: Vec<_> = unfinished.collect();
            let rows = (SECOND_ROUND_TRIP_ROWS / unfinished.len().max(1)).max(rows);
            reads
                .extend(unfinished.into_iter().map(|(partition, end)| self.partition(partition, Some(end), rows, now)));
        }
        let second = try_join_all(reads).await?;
        let listings = first.into_iter().map(|(_, listing)| listing).chain(second);
        let found = listings.reduce(Listing::merge).unwrap_or_default();
        Ok(Listing { complete_to: found.complete_to.max(end), ..found })
    }

    async fn partition(
        &self,
        (bucket, shard): Partition,
        before: Option<ActivityId>,
        rows: usize,
        now: Timestamp,
    ) -> Result<Listing> {
        let page = self.table().newest(keys::home_shard(bucket, shard, before), rows).await?;
        Ok(Listing::of(page, "")?.filter(|item| item.is_live(now)))
    }
}

/// Returns the partitions that hold posts, newest bucket first.
fn partitions(directory: &[Item]) -> Result<Vec<Partition>> {
    let mut partitions = Vec::new();
    for entry in directory {
        let bucket = Bucket::parse(entry.read(SK)?).ok_or(Error::Malformed(SK))?;
        let shards = usize::try_from(entry.read_number("shards")?).map_err(|_| Error::Malformed("shards"))?;
        partitions.extend((0..shards).map(|shard| (bucket, shard)));
    }
    Ok(partitions)
}

/// Returns the latest timestamp of an id that is smaller than `id`.
fn last_before(id: ActivityId) -> Timestamp {
    let first = id == ActivityId::first_at(id.timestamp());
    id.timestamp().saturating_sub(Duration::from_micros(u64::from(first)))
}

/// Returns whether the listings together fill a page.
fn fills_page(found: &[(Partition, Listing)], limit: PageLimit) -> bool {
    let complete_to = found.iter().filter_map(|(_, listing)| listing.complete_to).max();
    let rows = found.iter().flat_map(|(_, listing)| &listing.rows);
    rows.filter(|(id, _)| complete_to.is_none_or(|end| *id >= end)).count() >= limit.get()
}

/// Returns how many rows to read from each partition, so that together they nearly always fill a
/// page. Posts are spread at random, so the share of a partition varies by a few times its square
/// root, and some posts may have expired.
fn rows_per_partition(limit: usize, partitions: usize) -> usize {
    let share = limit.div_ceil(partitions);
    let deviation = if partitions > 1 { 3 * share.isqrt() } else { 0 };
    share + deviation + share / 4 + 4
}
