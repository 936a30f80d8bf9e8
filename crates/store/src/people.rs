//! Users: finds them by `sub` or handle, and changes their profile.

use crudder_domain::{Handle, Invalid, ProfileUpdate, Sub, User, UserShort};

use crate::error::{Error, Result};
use crate::store::Store;
use crate::transaction::Transaction;
use crate::transaction_response::Outcome;
use crate::update::Update;
use crate::{keys, user_item};

impl Store {
    /// Reads the user with this `sub`. One round trip.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a `sub` that has never signed up.
    pub async fn user_by_sub(&self, sub: &Sub) -> Result<User> {
        let item = self.table().get(keys::user(sub)).await?.ok_or(Error::NotFound)?;
        user_item::user(&item)
    }

    /// Reads the owner of a handle. One round trip.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the handle has no owner.
    pub async fn user_short(&self, handle: &Handle) -> Result<UserShort> {
        let item = self.table().get(keys::handle(handle)).await?.ok_or(Error::NotFound)?;
        user_item::short(&item)
    }

    /// Changes the caller's profile. Existing activities and messages keep the old display name.
    /// One round trip of reads, one transaction.
    ///
    /// # Errors
    /// [`Invalid::CallerUnknown`] for a caller who has never signed up.
    pub async fn update_profile(&self, caller: &Sub, update: &ProfileUpdate) -> Result<UserShort> {
        let user = self.author(caller).await?;
        let mut write = Transaction::default();
        let profile = Update::of(keys::user(caller)).text("display_name", update.display_name.as_str());
        let _ = write.update(profile.text("bio", update.bio.as_str()).if_exists());
        let handle = Update::of(keys::handle(&user.handle)).text("display_name", update.display_name.as_str());
        let _ = write.update(handle.if_exists());
        match write.commit(self.table()).await? {
            Outcome::Committed => Ok(UserShort { display_name: update.display_name.clone(), ..user.short() }),
            Outcome::ConditionsFailed(_) => Err(Invalid::CallerUnknown.into()),
        }
    }

    /// Reads the user who is about to write.
    pub(crate) async fn author(&self, sub: &Sub) -> Result<User> {
        match self.user_by_sub(sub).await {
            Err(Error::NotFound) => Err(Invalid::CallerUnknown.into()),
            result => result,
        }
    }
}
