//! People: who they are, what others see of them, how they join and change.

use serde::{Deserialize, Serialize};

use crate::body::{Field, WrongType};
use crate::{Activity, Bio, DisplayName, Handle, Invalid, Sub, UserId};

/// Somebody who has signed up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Who his tokens speak for.
    pub sub: Sub,
    /// How others address him.
    pub handle: Handle,
    /// How others see him.
    pub display_name: DisplayName,
    /// What he says about himself; `None` until he has said something.
    pub bio: Option<Bio>,
    /// How many posts and replies he has written, expired ones included.
    pub cruds_count: u64,
}

impl User {
    /// The answer of `users-short`.
    pub fn short(&self) -> UserShort {
        UserShort { uuid: self.sub.user_id(), handle: self.handle.clone(), display_name: self.display_name.clone() }
    }

    /// The answer's part of the user page.
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

/// As much of somebody as a link to him needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UserShort {
    /// His id in answers.
    pub uuid: UserId,
    /// His handle.
    pub handle: Handle,
    /// His shown name.
    pub display_name: DisplayName,
}

/// The head of a user page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// His id in answers.
    pub uuid: UserId,
    /// The name of his avatar's file.
    pub cognito_user_uuid: Sub,
    /// His handle.
    pub handle: Handle,
    /// His shown name.
    pub display_name: DisplayName,
    /// What he says about himself, `null` until he has.
    pub bio: Option<Bio>,
    /// How many posts and replies he has written.
    pub cruds_count: u64,
}

/// A user page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UserPage {
    /// Its head.
    pub profile: Profile,
    /// His posts and replies, newest first.
    pub activities: Vec<Activity>,
}

/// What an identity provider says about somebody new. The e-mail address is not taken: nothing here needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignUp {
    /// Who his tokens speak for.
    pub sub: Sub,
    /// The handle that he wished for.
    pub handle: Handle,
    /// His shown name.
    pub display_name: DisplayName,
}

impl SignUp {
    /// Takes Cognito's attributes: `name` and `preferred_username`, either of which may be missing or unfit. Nobody is turned
    /// away at this point, since Cognito has confirmed him already.
    pub fn new(sub: Sub, name: Option<&str>, preferred_username: Option<&str>) -> Self {
        let name = name.unwrap_or_default();
        let handle = Handle::sanitize(preferred_username.unwrap_or(name));
        let display_name = DisplayName::truncate(name, handle.as_str());
        Self { sub, handle, display_name }
    }

    /// The handles to try, in order: the wish, then with more and more of the `sub`, which nobody shares whole.
    pub fn candidates(&self) -> impl Iterator<Item = Handle> + '_ {
        let mut hex: String = self.sub.as_str().chars().filter(char::is_ascii_hexdigit).collect();
        // Not Cognito's kind of `sub`, which is a uuid: the id derived from it is one.
        if hex.len() < 32 {
            hex = self.sub.user_id().to_string().replace('-', "");
        }
        let suffixed = [4, 8, 16, 32].map(|length| self.handle.with_suffix(&hex[..length]));
        std::iter::once(self.handle.clone()).chain(suffixed)
    }
}

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
    /// What the caller's profile is to say from now on.
    ///
    /// # Errors
    /// What is wrong with it; the name counts more than the biography.
    pub fn check(self) -> Result<ProfileUpdate, Invalid> {
        Ok(ProfileUpdate { display_name: DisplayName::parse(self.display_name)?, bio: Bio::parse(self.bio)? })
    }
}

/// A change of one's own profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileUpdate {
    /// The new shown name.
    pub display_name: DisplayName,
    /// The new biography.
    pub bio: Bio,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sub() -> Sub {
        Sub::parse("68f126b0-1ceb-4a33-88be-d90fa7109eee").unwrap()
    }

    #[test]
    fn a_taken_handle_gets_more_and_more_of_the_sub() {
        let tried: Vec<_> = SignUp::new(sub(), Some("Worf"), Some("worf")).candidates().collect();
        let shown: Vec<_> = tried.iter().map(Handle::as_str).collect();
        let expected =
            ["worf", "worf-68f1", "worf-68f126b0", "worf-68f126b01ceb4a33", "worf-68f126b01ceb4a3388bed90fa7109eee"];
        assert_eq!(shown, expected);
    }

    #[test]
    fn nobody_is_turned_away_at_sign_up() {
        let nameless = SignUp::new(sub(), None, None);
        assert_eq!((nameless.handle.as_str(), nameless.display_name.as_str()), ("user", "user"));
        let spaced = SignUp::new(sub(), Some("Alt Brown"), Some("alt brown"));
        assert_eq!((spaced.handle.as_str(), spaced.display_name.as_str()), ("altbrown", "Alt Brown"));
    }

    #[test]
    fn a_profile_needs_a_name_and_no_biography() {
        let draft: ProfileDraft = serde_json::from_str(r#"{"display_name":"Worf","bio":null}"#).unwrap();
        assert_eq!(draft.check().unwrap().bio.as_str(), "");
        let draft: ProfileDraft = serde_json::from_str(r#"{"bio":"Son of Mogh"}"#).unwrap();
        assert_eq!(draft.check(), Err(Invalid::DisplayNameBlank));
        let long = "x".repeat(1_025);
        let draft: ProfileDraft = serde_json::from_str(&format!(r#"{{"bio":"{long}","display_name":"W"}}"#)).unwrap();
        assert_eq!(draft.check(), Err(Invalid::BioTooLong));
    }

    #[test]
    fn a_wrong_type_is_named() {
        let error = serde_json::from_str::<ProfileDraft>(r#"{"display_name":"W","bio":[[1],{}]}"#).unwrap_err();
        assert!(error.to_string().contains("field `bio` must be a string"), "{error}");
    }
}
