//! A cache of home pages.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crudder_domain::{Activity, Page, PageLimit, Timestamp};
use tokio::time::Instant;

/// Cached first pages by their limit, at most a hundred. Later pages are not cached, because they
/// are rarely read twice.
#[derive(Debug)]
pub(crate) struct HomeCache {
    ttl: Duration,
    pages: Mutex<HashMap<usize, Entry>>,
}

/// A page, and when it was read.
#[derive(Debug)]
struct Entry {
    read_at: Instant,
    page: Page<Vec<Activity>>,
}

impl HomeCache {
    /// Returns a cache that keeps pages for `ttl`; zero turns it off.
    pub(crate) fn new(ttl: Duration) -> Self {
        Self { ttl, pages: Mutex::default() }
    }

    /// Returns a cached page, without the posts that have expired since.
    pub(crate) fn find(&self, limit: PageLimit, now: Timestamp) -> Option<Page<Vec<Activity>>> {
        let pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let Entry { read_at, page } = pages.get(&limit.get())?;
        (read_at.elapsed() < self.ttl).then(|| {
            let live = page.content.iter().filter(|activity| activity.is_live(now));
            Page { content: live.cloned().collect(), next: page.next }
        })
    }

    /// Caches a page.
    pub(crate) fn insert(&self, limit: PageLimit, page: &Page<Vec<Activity>>) {
        if !self.ttl.is_zero() {
            let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
            pages.insert(limit.get(), Entry { read_at: Instant::now(), page: page.clone() });
        }
    }
}
