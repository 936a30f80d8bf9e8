//! Profile updates: the body of a request, and the valid change made of it.

use serde::Deserialize;

use crate::body::{Field, WrongType};
use crate::invalid::Invalid;
use crate::text::{Bio, DisplayName};

/// The body of `POST /api/profile/update`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ProfileBody")]
pub struct ProfileDraft {
    display_name: Option<String>,
    bio: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, expecting = "an object")]
struct ProfileBody {
    display_name: Field,
    bio: Field,
}

impl TryFrom<ProfileBody> for ProfileDraft {
    type Error = WrongType;

    fn try_from(body: ProfileBody) -> Result<Self, WrongType> {
        Ok(Self { display_name: body.display_name.text("display_name")?, bio: body.bio.text("bio")? })
    }
}

impl ProfileDraft {
    /// Returns the valid change of the caller's profile.
    ///
    /// # Errors
    /// The rule that the draft breaks. The name takes precedence over the biography.
    pub fn check(self) -> Result<ProfileUpdate, Invalid> {
        Ok(ProfileUpdate { display_name: DisplayName::parse(self.display_name)?, bio: Bio::parse(self.bio)? })
    }
}

/// A valid change of the caller's own profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileUpdate {
    /// The new display name.
    pub display_name: DisplayName,
    /// The new biography.
    pub bio: Bio,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_needs_a_name_but_no_biography() {
        let draft: ProfileDraft = serde_json::from_str(r#"{"display_name":"Worf","bio":null}"#).unwrap();
        assert_eq!(draft.check().unwrap().bio.as_str(), "");
        let draft: ProfileDraft = serde_json::from_str(r#"{"bio":"Son of Mogh"}"#).unwrap();
        assert_eq!(draft.check(), Err(Invalid::DisplayNameBlank));
        let long = "x".repeat(1_025);
        let draft: ProfileDraft = serde_json::from_str(&format!(r#"{{"bio":"{long}","display_name":"W"}}"#)).unwrap();
        assert_eq!(draft.check(), Err(Invalid::BioTooLong));
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named() {
        let error = serde_json::from_str::<ProfileDraft>(r#"{"display_name":"W","bio":[[1],{}]}"#).unwrap_err();
        assert!(error.to_string().contains("field `bio` must be a string"), "{error}");
    }
}
