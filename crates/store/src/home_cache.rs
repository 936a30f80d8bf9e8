//! Home pages that were read a moment ago, for environments that are told to show them again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crudder_domain::{Activity, Page, PageLimit, Timestamp};
use tokio::time::Instant;

/// First pages by their length, of which there are a hundred; later pages are rarely asked for twice.
#[derive(Debug)]
pub(crate) struct HomeCache {
    length: Duration,
    pages: Mutex<HashMap<usize, Read>>,
}

/// A page, and when it was read.
#[derive(Debug)]
struct Read {
    at: Instant,
    page: Page<Vec<Activity>>,
}

impl HomeCache {
    /// A cache that shows a page again for so long; zero switches it off.
    pub(crate) fn new(length: Duration) -> Self {
        Self { length, pages: Mutex::default() }
    }

    /// A page that is still fresh, without what has expired meanwhile.
    pub(crate) fn find(&self, limit: PageLimit, now: Timestamp) -> Option<Page<Vec<Activity>>> {
        let pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let Read { at, page } = pages.get(&limit.get())?;
        (at.elapsed() < self.length).then(|| {
            let live = page.content.iter().filter(|activity| activity.is_live(now));
            Page { content: live.cloned().collect(), next: page.next }
        })
    }

    /// Keeps a page.
    pub(crate) fn keep(&self, limit: PageLimit, page: &Page<Vec<Activity>>) {
        if !self.length.is_zero() {
            let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
            pages.insert(limit.get(), Read { at: Instant::now(), page: page.clone() });
        }
    }
}
