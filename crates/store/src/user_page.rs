//! The page of a user: the profile, and their posts and replies.

use crudder_domain::{Handle, Page, PageRequest, Timestamp, UserPage};

use crate::error::{Error, Result};
use crate::listing::{Listing, with_spare};
use crate::store::Store;
use crate::{keys, user_item};

impl Store {
    /// Reads the profile of a handle's owner and their activities that have not expired, newest
    /// first. Two round trips.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the handle has no owner;
    /// [`crudder_domain::Invalid::BeforeInvalid`].
    pub async fn user_page(&self, handle: &Handle, page: PageRequest, now: Timestamp) -> Result<Page<UserPage>> {
        let range = keys::written_by(handle, page.before_activity()?);
        let owner = self.table().get(keys::handle(handle));
        let written = self.table().newest(range, with_spare(page.limit.get()));
        let (owner, written) = futures::try_join!(owner, written)?;
        let sub = owner.ok_or(Error::NotFound)?.read_sub("sub")?;

        let live = Listing::of(written, "")?.filter(|pointer| pointer.is_live(now));
        let user = self.table().get(keys::user(&sub));
        let (user, activities) = futures::try_join!(user, self.hydrate(live, page))?;
        let profile = user_item::user(&user.ok_or(Error::NotFound)?)?.profile();
        Ok(Page { content: UserPage { profile, activities: activities.content }, next: activities.next })
    }
}
