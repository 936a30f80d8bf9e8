//! A person's page: who he is, and his posts and replies.

use crudder_domain::{Handle, Page, PageRequest, Timestamp, UserPage};

use crate::error::{Error, Result};
use crate::page::{Sweep, with_spare};
use crate::{Store, keys, user_item};

impl Store {
    /// The page of whoever bears a handle: his profile, and what he wrote that has not expired, newest first. Two waves.
    ///
    /// # Errors
    /// [`Error::NotFound`] when nobody bears it; [`crudder_domain::Invalid::BeforeInvalid`].
    pub async fn user_page(&self, handle: &Handle, page: PageRequest, now: Timestamp) -> Result<Page<UserPage>> {
        let run = keys::written_by(handle, page.before_activity()?);
        let claim = self.table().get(keys::handle(handle));
        let written = self.table().newest(run, with_spare(page.limit.get()));
        let (claim, written) = futures::try_join!(claim, written)?;
        let sub = claim.ok_or(Error::NotFound)?.read_sub("sub")?;

        let live = Sweep::of(written, "")?.keep(|pointer| pointer.is_live(now));
        let person = self.table().get(keys::user(&sub));
        let (person, activities) = futures::try_join!(person, self.hydrate(live, page))?;
        let profile = user_item::user(&person.ok_or(Error::NotFound)?)?.profile();
        Ok(Page { content: UserPage { profile, activities: activities.content }, next: activities.next })
    }
}
