//! Users, and the parts of them that others see.

use serde::Serialize;

use crate::handle::Handle;
use crate::id::{Sub, UserId};
use crate::text::{Bio, DisplayName};

/// A user who has signed up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The subject of the user's tokens.
    pub sub: Sub,
    /// The handle.
    pub handle: Handle,
    /// The display name.
    pub display_name: DisplayName,
    /// The biography; `None` until the user has set one.
    pub bio: Option<Bio>,
    /// The number of posts and replies ever written, including expired ones.
    pub cruds_count: u64,
}

impl User {
    /// Returns the response of `users-short`.
    pub fn short(&self) -> UserShort {
        UserShort { uuid: self.sub.user_id(), handle: self.handle.clone(), display_name: self.display_name.clone() }
    }

    /// Returns the head of the user page.
    pub fn profile(&self) -> Profile {
        Profile {
            uuid: self.sub.user_id(),
            cognito_user_uuid: self.sub.clone(),
            handle: self.handle.clone(),
            display_name: self.display_name.clone(),
            bio: self.bio.clone(),
            cruds_count: self.cruds_count,
        }
    }
}

/// The fields that a link to a user needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UserShort {
    /// The user's id in responses.
    pub uuid: UserId,
    /// The handle.
    pub handle: Handle,
    /// The display name.
    pub display_name: DisplayName,
}

/// The head of a user page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// The user's id in responses.
    pub uuid: UserId,
    /// The file name of the avatar.
    pub cognito_user_uuid: Sub,
    /// The handle.
    pub handle: Handle,
    /// The display name.
    pub display_name: DisplayName,
    /// The biography; `null` until the user has set one.
    pub bio: Option<Bio>,
    /// The number of posts and replies ever written.
    pub cruds_count: u64,
}
