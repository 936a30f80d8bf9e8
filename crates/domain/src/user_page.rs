//! The page of a user.

use serde::Serialize;

use crate::activity::Activity;
use crate::user::Profile;

/// A user's profile and one page of their activities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UserPage {
    /// The profile.
    pub profile: Profile,
    /// The user's posts and replies, newest first.
    pub activities: Vec<Activity>,
}
