//! Users as items: one by `sub`, one by handle.

use crudder_domain::{Bio, Handle, SignUp, User, UserShort};

use crate::error::Result;
use crate::item::Item;
use crate::keys;

/// Returns the profile of a new user.
pub(crate) fn profile(sign_up: &SignUp, handle: &Handle) -> Item {
    Item::at(keys::user(&sign_up.sub))
        .text("sub", sign_up.sub.as_str())
        .text("handle", handle.as_str())
        .text("display_name", sign_up.display_name.as_str())
        .number("cruds_count", 0)
}

/// Returns the item that reserves the user's handle.
pub(crate) fn handle(sign_up: &SignUp, handle: &Handle) -> Item {
    Item::at(keys::handle(handle))
        .text("sub", sign_up.sub.as_str())
        .text("handle", handle.as_str())
        .text("display_name", sign_up.display_name.as_str())
}

/// Reads a user from their profile.
pub(crate) fn user(item: &Item) -> Result<User> {
    Ok(User {
        sub: item.read_sub("sub")?,
        handle: item.read_handle("handle")?,
        display_name: item.read_display_name("display_name")?,
        bio: item.find("bio").map(|bio| Bio::from_stored(bio.to_owned())),
        cruds_count: item.read_number("cruds_count")?,
    })
}

/// Reads the fields that every item of a user has: a profile, a handle, an activity.
pub(crate) fn short(item: &Item) -> Result<UserShort> {
    Ok(UserShort {
        uuid: item.read_sub("sub")?.user_id(),
        handle: item.read_handle("handle")?,
        display_name: item.read_display_name("display_name")?,
    })
}
