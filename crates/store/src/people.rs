//! People: found by `sub` or handle, and changed.

use crudder_domain::{Handle, Invalid, ProfileUpdate, Sub, User, UserShort};

use crate::error::{Error, Result};
use crate::transaction::{Outcome, Transaction};
use crate::update::Update;
use crate::{Store, keys, user_item};

impl Store {
    /// Whoever a token speaks for. One wave.
    ///
    /// # Errors
    /// [`Error::NotFound`] for somebody who never signed up here.
    pub async fn user_by_sub(&self, sub: &Sub) -> Result<User> {
        let item = self.table().get(keys::user(sub)).await?.ok_or(Error::NotFound)?;
        user_item::user(&item)
    }

    /// Whoever bears a handle. One wave.
    ///
    /// # Errors
    /// [`Error::NotFound`] when nobody does.
    pub async fn user_short(&self, handle: &Handle) -> Result<UserShort> {
        let item = self.table().get(keys::handle(handle)).await?.ok_or(Error::NotFound)?;
        user_item::short(&item)
    }

    /// Changes the caller's profile. What he wrote before keeps the name that he had then. One wave, one transaction.
    ///
    /// # Errors
    /// [`Invalid::CallerUnknown`] for somebody who never signed up here.
    pub async fn update_profile(&self, caller: &Sub, update: &ProfileUpdate) -> Result<UserShort> {
        let user = self.author(caller).await?;
        let mut write = Transaction::default();
        let profile = Update::of(keys::user(caller)).text("display_name", update.display_name.as_str());
        let _ = write.update(profile.text("bio", update.bio.as_str()).when_there());
        let claim = Update::of(keys::handle(&user.handle)).text("display_name", update.display_name.as_str());
        let _ = write.update(claim.when_there());
        match write.commit(self.table()).await? {
            Outcome::Written => Ok(UserShort { display_name: update.display_name.clone(), ..user.short() }),
            Outcome::Unmet(_) => Err(Invalid::CallerUnknown.into()),
        }
    }

    /// Whoever is about to write something.
    pub(crate) async fn author(&self, sub: &Sub) -> Result<User> {
        match self.user_by_sub(sub).await {
            Err(Error::NotFound) => Err(Invalid::CallerUnknown.into()),
            answer => answer,
        }
    }
}
