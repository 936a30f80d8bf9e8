//! Search: the posts that contain all words of a query.

use crudder_domain::{Activity, ActivityId, Page, PageRequest, SearchTerms, Timestamp};
use futures::future::try_join_all;

use crate::error::Result;
use crate::keys;
use crate::listing::{Listing, with_spare};
use crate::store::Store;

/// How many posts of each word are searched for the other words of a query. If half of all posts
/// contain the first word and a third contain the second, that many fill a page of the default
/// length.
const ROWS_PER_TERM: usize = 120;

impl Store {
    /// Reads a page of the posts that contain all words and have not expired, newest first. Two
    /// round trips.
    ///
    /// The newest posts of each word are read in parallel. Those of the rarest word reach furthest
    /// back. Every item carries all words of its post, so the result is those of them that contain
    /// the other words too.
    ///
    /// # Errors
    /// [`crudder_domain::Invalid::BeforeInvalid`]; [`crate::Error::Busy`],
    /// [`crate::Error::Refused`].
    pub async fn search(&self, search: &SearchTerms, page: PageRequest, now: Timestamp) -> Result<Page<Vec<Activity>>> {
        let before = page.before_activity()?;
        let spare = with_spare(page.limit.get());
        let rows = if search.terms().len() > 1 { spare.max(ROWS_PER_TERM) } else { spare };
        let reads = search.lookup_terms().into_iter().map(|term| self.with_term(term, before, rows));
        let furthest = try_join_all(reads).await?.into_iter().min_by_key(|listing| listing.complete_to);
        let matching = furthest.unwrap_or_default();
        let matching = matching.filter(|item| item.is_live(now) && search.matches(&item.find_texts("terms")));
        self.hydrate(matching, page).await
    }

    async fn with_term(&self, term: &str, before: Option<ActivityId>, rows: usize) -> Result<Listing> {
        Listing::of(self.table().newest(keys::with_term(term, before), rows).await?, "")
    }
}
