//! Home: everybody's posts, newest first.

use std::time::Duration;

use crudder_domain::{Activity, ActivityId, Page, PageLimit, PageRequest, Timestamp, Ttl};
use futures::future::try_join_all;

use crate::error::{Error, Result};
use crate::item::Item;
use crate::keys::{self, Bucket, SK};
use crate::page::Sweep;
use crate::{Store, activity_item};

/// How many rows the second wave reads of all partitions together, at most, when expired posts left the page short.
const SECOND_WAVE_ROWS: usize = 400;

/// One partition of posts.
type Part = (Bucket, usize);

impl Store {
    /// A page of everybody's posts that have not expired, newest first.
    ///
    /// The first wave asks the directory and, at the same time, the partitions where the page most likely lies: the newest
    /// bucket's, as many as this environment writes to. Only when that was wrong, or not enough, a second wave asks the others.
    ///
    /// # Errors
    /// [`crudder_domain::Invalid::BeforeInvalid`]; [`Error::Busy`], [`Error::Refused`].
    pub async fn home(&self, page: PageRequest, now: Timestamp) -> Result<Page<Vec<Activity>>> {
        let before = page.before_activity()?;
        if before.is_none()
            && let Some(cached) = self.0.home_cache.find(page.limit, now)
        {
            return Ok(cached);
        }
        let found = self.sweep_home(before, page.limit, now).await?.page(page.limit);
        let content = found.content.iter().map(activity_item::activity).collect::<Result<_>>()?;
        let found = Page { content, next: found.next };
        if before.is_none() {
            self.0.home_cache.keep(page.limit, &found);
        }
        Ok(found)
    }

    async fn sweep_home(&self, before: Option<ActivityId>, limit: PageLimit, now: Timestamp) -> Result<Sweep> {
        let oldest = now.saturating_sub(Ttl::LONGEST);
        if before.is_some_and(|id| id.timestamp() < oldest) {
            return Ok(Sweep::default());
        }
        // A clock that is ahead may have written into the next bucket.
        let newest = before.map_or(now.saturating_add(CLOCKS_APART), last_before);
        let likely = Bucket::of(before.map_or(now, last_before));
        let guess: Vec<Part> = (0..self.0.home_shards).map(|shard| (likely, shard)).collect();
        let directory = keys::buckets(Bucket::of(oldest), Bucket::of(newest));
        let directory = self.table().newest(directory, DIRECTORY_ROWS);
        let rows = likely_rows(limit.get(), guess.len());
        let reads = guess.iter().map(|part| self.part(*part, before, rows, now));
        let (directory, first) = futures::try_join!(directory, try_join_all(reads))?;
        let first: Vec<(Part, Sweep)> = guess.into_iter().zip(first).collect();
        self.second_wave(&parts(&directory.items)?, first, before, limit, now).await
    }

    /// Begins where the first wave did not look, and goes on where it stopped short of a page: nothing, usually.
    async fn second_wave(
        &self,
        parts: &[Part],
        mut first: Vec<(Part, Sweep)>,
        before: Option<ActivityId>,
        limit: PageLimit,
        now: Timestamp,
    ) -> Result<Sweep> {
        let short = !fills(&first, limit);
        let likely = first.first().map(|((bucket, _), _)| *bucket);
        let unseen = parts.iter().copied().filter(|part| first.iter().all(|(seen, _)| seen != part));
        // An older bucket matters only to a page that the newer one does not fill; then the page ends where that one begins.
        let (unseen, older): (Vec<Part>, Vec<Part>) = unseen.partition(|(bucket, _)| short || Some(*bucket) >= likely);
        let end = likely.filter(|_| !older.is_empty()).map(|bucket| ActivityId::first_at(bucket.begin()));
        let rows = likely_rows(limit.get(), unseen.len().max(1));
        let mut reads: Vec<_> = unseen.into_iter().map(|part| self.part(part, before, rows, now)).collect();
        if short {
            let cut = first.iter_mut().filter_map(|(part, sweep)| Some((*part, sweep.whole_to.take()?)));
            let cut: Vec<_> = cut.collect();
            let rows = (SECOND_WAVE_ROWS / cut.len().max(1)).max(rows);
            reads.extend(cut.into_iter().map(|(part, end)| self.part(part, Some(end), rows, now)));
        }
        let second = try_join_all(reads).await?;
        let found = first.into_iter().map(|(_, sweep)| sweep).chain(second).reduce(Sweep::join).unwrap_or_default();
        Ok(Sweep { whole_to: found.whole_to.max(end), ..found })
    }

    async fn part(&self, part: Part, before: Option<ActivityId>, rows: usize, now: Timestamp) -> Result<Sweep> {
        let (bucket, shard) = part;
        let stretch = self.table().newest(keys::home_shard(bucket, shard, before), rows).await?;
        Ok(Sweep::of(stretch, "")?.keep(|item| item.is_live(now)))
    }
}

/// Two buckets hold what can be shown, and one more what clocks that are apart wrote.
const DIRECTORY_ROWS: usize = 3;
/// How far the clocks of two Lambdas may be apart: seconds at most; a minute is safe.
const CLOCKS_APART: Duration = Duration::from_secs(60);

/// The partitions that hold posts, newest bucket first.
fn parts(directory: &[Item]) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    for entry in directory {
        let bucket = Bucket::parse(entry.read(SK)?).ok_or(Error::Malformed(SK))?;
        let shards = usize::try_from(entry.read_number("shards")?).map_err(|_| Error::Malformed("shards"))?;
        parts.extend((0..shards).map(|shard| (bucket, shard)));
    }
    Ok(parts)
}

/// The latest moment of what lies before an id.
fn last_before(id: ActivityId) -> Timestamp {
    let first = id == ActivityId::first_at(id.timestamp());
    id.timestamp().saturating_sub(Duration::from_micros(u64::from(first)))
}

/// Whether what was found makes a page of that length.
fn fills(found: &[(Part, Sweep)], limit: PageLimit) -> bool {
    let whole_to = found.iter().filter_map(|(_, sweep)| sweep.whole_to).max();
    let rows = found.iter().flat_map(|(_, sweep)| &sweep.rows);
    rows.filter(|(id, _)| whole_to.is_none_or(|end| *id >= end)).count() >= limit.get()
}

/// How many rows to ask of each of so many partitions, so that together they make a page nearly always: posts are spread at
/// random, so a partition's share strays by a few times its root; and some may have expired.
fn likely_rows(limit: usize, partitions: usize) -> usize {
    let share = limit.div_ceil(partitions);
    let stray = if partitions > 1 { 3 * share.isqrt() } else { 0 };
    share + stray + share / 4 + 4
}
