//! Sign-ups: the attributes of a new user, and the handles to try for them.

use crate::handle::Handle;
use crate::id::Sub;
use crate::text::DisplayName;

/// A new user, as the identity provider describes them. The e-mail address is left out, because
/// nothing here needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignUp {
    /// The subject of the user's tokens.
    pub sub: Sub,
    /// The handle that the user asked for.
    pub handle: Handle,
    /// The display name.
    pub display_name: DisplayName,
}

impl SignUp {
    /// Reads Cognito's attributes `name` and `preferred_username`. Either may be missing or
    /// invalid: a sign-up is never refused here, because Cognito has already confirmed it.
    pub fn new(sub: Sub, name: Option<&str>, preferred_username: Option<&str>) -> Self {
        let name = name.unwrap_or_default();
        let handle = Handle::sanitize(preferred_username.unwrap_or(name));
        let display_name = DisplayName::truncate(name, handle.as_str());
        Self { sub, handle, display_name }
    }

    /// Returns the handles to try, in order: the requested one, then with longer and longer parts
    /// of the `sub`. Only the whole `sub` is unique.
    pub fn candidates(&self) -> impl Iterator<Item = Handle> + '_ {
        let mut hex: String = self.sub.as_str().chars().filter(char::is_ascii_hexdigit).collect();
        // Cognito's `sub` is a uuid. Of any other `sub`, use the user id derived from it, which is
        // one.
        if hex.len() < 32 {
            hex = self.sub.user_id().to_string().replace('-', "");
        }
        let suffixed = [4, 8, 16, 32].map(|length| self.handle.with_suffix(&hex[..length]));
        std::iter::once(self.handle.clone()).chain(suffixed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sub() -> Sub {
        Sub::parse("68f126b0-1ceb-4a33-88be-d90fa7109eee").unwrap()
    }

    #[test]
    fn a_taken_handle_gets_longer_and_longer_parts_of_the_sub() {
        let candidates: Vec<_> = SignUp::new(sub(), Some("Worf"), Some("worf")).candidates().collect();
        let candidates: Vec<_> = candidates.iter().map(Handle::as_str).collect();
        let expected =
            ["worf", "worf-68f1", "worf-68f126b0", "worf-68f126b01ceb4a33", "worf-68f126b01ceb4a3388bed90fa7109eee"];
        assert_eq!(candidates, expected);
    }

    #[test]
    fn a_sign_up_is_never_refused() {
        let nameless = SignUp::new(sub(), None, None);
        assert_eq!((nameless.handle.as_str(), nameless.display_name.as_str()), ("user", "user"));
        let spaced = SignUp::new(sub(), Some("Alt Brown"), Some("alt brown"));
        assert_eq!((spaced.handle.as_str(), spaced.display_name.as_str()), ("altbrown", "Alt Brown"));
    }
}
