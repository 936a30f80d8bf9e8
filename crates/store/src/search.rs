//! Search: the posts that hold all words of a query.

use crudder_domain::{Activity, ActivityId, Page, PageRequest, SearchTerms, Timestamp};
use futures::future::try_join_all;

use crate::error::Result;
use crate::page::{Sweep, with_spare};
use crate::{Store, keys};

/// How many posts of each word are looked through for the others, where there are others: a word that half of all posts hold
/// then leaves a page of usual length of any second word that is in every third.
const ROWS_PER_TERM: usize = 120;

impl Store {
    /// A page of the posts that hold all words and have not expired, newest first. Two waves.
    ///
    /// Each word's newest posts are read at once. One word's posts reach furthest back, the rarest one's: those among them
    /// that hold the other words, too, are the answer, since every item carries all words of its post.
    ///
    /// # Errors
    /// [`crudder_domain::Invalid::BeforeInvalid`]; [`crate::Error::Busy`], [`crate::Error::Refused`].
    pub async fn search(&self, search: &SearchTerms, page: PageRequest, now: Timestamp) -> Result<Page<Vec<Activity>>> {
        let before = page.before_activity()?;
        let looked_up = search.lookup_terms();
        let spare = with_spare(page.limit.get());
        let rows = if search.terms().len() > 1 { spare.max(ROWS_PER_TERM) } else { spare };
        let reads = looked_up.iter().map(|term| self.with_term(term, before, rows));
        let furthest = try_join_all(reads).await?.into_iter().min_by_key(|sweep| sweep.whole_to);
        let meant = furthest.unwrap_or_default();
        let meant = meant.keep(|item| item.is_live(now) && search.matches(&item.find_texts("terms")));
        self.hydrate(meant, page).await
    }

    async fn with_term(&self, term: &str, before: Option<ActivityId>, rows: usize) -> Result<Sweep> {
        Sweep::of(self.table().newest(keys::with_term(term, before), rows).await?, "")
    }
}
